/// A place on Earth in degrees (WGS 84).
public struct GeographicPoint: Sendable, Hashable {
  public let latitude: Double
  public let longitude: Double

  /// - Returns: nil for what is on no map.
  public init?(latitude: Double, longitude: Double) {
    guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return nil }
    self.latitude = latitude
    self.longitude = longitude
  }

  /// Reads `{"lat":41.4,"long":2.2}` as it comes with a value; some clients send the numbers as texts (wire page, section 3.2).
  public init?(latLong value: JSONValue) {
    guard let latitude = value["lat"].flatMap(Self.degrees),
      let longitude = (value["long"] ?? value["lng"]).flatMap(Self.degrees)
    else { return nil }
    self.init(latitude: latitude, longitude: longitude)
  }

  /// Reads a GeoJSON Point (RFC 7946, section 3.1.2) or a bare `[long, lat]`.
  public init?(geoJSON value: JSONValue) {
    var coordinates: JSONValue? = value
    if case .object = value {
      guard value["type"]?.text == "Point" else { return nil }
      coordinates = value["coordinates"]
    }
    guard case .array(let numbers)? = coordinates, (2...3).contains(numbers.count),
      let longitude = Self.degrees(numbers[0]), let latitude = Self.degrees(numbers[1])
    else { return nil }
    self.init(latitude: latitude, longitude: longitude)
  }

  private static func degrees(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number): number
    case .string(let text): Double(text)
    default: nil
    }
  }

  public var geoJSON: JSONValue {
    .object(["type": .string("Point"), "coordinates": .array([.number(longitude), .number(latitude)])])
  }

  public var latLong: JSONValue { .object(["lat": .number(latitude), "long": .number(longitude)]) }
}
