/// What an operator's token is good for. Each role may do what those before it may.
public enum OperatorRole: String, Sendable, Hashable, Comparable, CaseIterable, Codable {
  /// Reads everything that is not a secret.
  case viewer
  /// Also stores images and registers firmware.
  case uploader
  /// Also decides what is offered to things, and when again.
  case releaser
  /// Everything.
  case administrator

  public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .viewer: 0
    case .uploader: 1
    case .releaser: 2
    case .administrator: 3
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let role = Self(rawValue: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "viewer, uploader, releaser or administrator is needed")
    }
    self = role
  }
}
