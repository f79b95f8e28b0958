public import Domain

/// What a thing has for an attribute.
public enum AttributeValue: Sendable, Hashable {
  case text(String)
  case number(Double)
  case bool(Bool)
  case version(String)
  case time(Timestamp)
  case texts([String])
  case point(GeographicPoint)
  /// An object or an array, as JSON text: it can be shown, but not compared.
  case other(String)

  /// - Returns: nil for null, which is no value.
  public init?(json: JSONValue) {
    switch json {
    case .null: return nil
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .number(Double(value))
    case .number(let value): self = .number(value)
    case .string(let value): self = .text(value)
    case .array, .object: self = .other(json.json)
    }
  }

  /// The value for people.
  public var text: String {
    switch self {
    case .text(let text), .version(let text), .other(let text): text
    case .number(let number): Self.written(number)
    case .bool(let value): value ? "true" : "false"
    case .time(let time): time.iso8601
    case .texts(let texts): texts.joined(separator: ", ")
    case .point(let point): "\(Self.written(point.latitude)), \(Self.written(point.longitude))"
    }
  }

  /// What it is, for a note such as "is a text, not a number".
  var kindInWords: String {
    switch self {
    case .text: "a text"
    case .number: "a number"
    case .bool: "true or false"
    case .version: "a version"
    case .time: "a time"
    case .texts: "a list of texts"
    case .point: "a place"
    case .other(let json): json.hasPrefix("[") ? "an array" : "an object"
    }
  }

  /// Whole numbers without a fraction.
  private static func written(_ number: Double) -> String {
    abs(number) < 1e15 && number == number.rounded() ? String(Int64(number)) : "\(number)"
  }
}
