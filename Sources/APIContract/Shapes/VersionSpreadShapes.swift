public import Domain

/// A version that things say they run, or JSON null where they never said one. It is always written.
public struct SaidVersion: Codable, Sendable, Hashable {
  public let text: String?

  public init(_ text: String?) { self.text = text }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    text = container.decodeNil() ? nil : try container.decode(String.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let text { try container.encode(text) } else { try container.encodeNil() }
  }
}

/// How many things ran a version.
public struct VersionSeriesShape: Codable, Sendable {
  /// `other` where versions are counted together.
  public let version: SaidVersion
  /// A number for each of the times.
  public let things: [Int]

  public init(version: SaidVersion, things: [Int]) {
    self.version = version
    self.things = things
  }
}

/// An answer: how many active things of a model ran each version on an MCU, at each of the times.
public struct VersionSpreadShape: Codable, Sendable {
  public let model: String
  public let mcu: String
  /// Oldest first.
  public let times: [Timestamp]
  /// By the order of versions; then `other`, then those that never said one.
  public let series: [VersionSeriesShape]

  public init(model: String, mcu: String, times: [Timestamp], series: [VersionSeriesShape]) {
    self.model = model
    self.mcu = mcu
    self.times = times
    self.series = series
  }
}
