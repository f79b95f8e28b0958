/// What an expression can ask of a thing: a closed set.
public enum ThingAttribute: Sendable, Hashable {
  case id
  case controllerID
  case model
  /// The version that the MCU of this name runs.
  case mcuVersion(String)
  case tag
  case resource(String)
  /// The names on the way into the settings document.
  case setting([String])
  /// The names on the way into the description document.
  case description([String])
  case activatedAt
  case lastSeen
  case owner
  case linked
  case geo
  /// How many seconds ago the resource of this key was written.
  case age(String)

  /// The selector as an expression has it.
  public var name: String {
    switch self {
    case .id: "id"
    case .controllerID: "controllerId"
    case .model: "model"
    case .mcuVersion(let mcu): "mcu.\(Self.quotedIfOdd(mcu)).version"
    case .tag: "tag"
    case .resource(let key): "resource.\(Self.written(key: key))"
    case .setting(let path): "setting.\(Self.written(path: path))"
    case .description(let path): "description.\(Self.written(path: path))"
    case .activatedAt: "activatedAt"
    case .lastSeen: "lastSeen"
    case .owner: "owner"
    case .linked: "linked"
    case .geo: "geo"
    case .age(let key): "age.\(Self.written(key: key))"
    }
  }

  /// What is said of a thing that does not have it.
  var missingNote: String {
    switch self {
    case .id, .controllerID, .model, .owner: "the thing has no \(name)"
    case .mcuVersion(let mcu): "the thing has said no version of its MCU \(mcu)"
    case .tag: "the thing has no tags"
    case .resource(let key), .age(let key): "the thing has no resource \(key)"
    case .setting(let path): "the thing has no setting \(path.joined(separator: "."))"
    case .description(let path): "the description of the thing has no \(path.joined(separator: "."))"
    case .activatedAt: "the thing has not been activated"
    case .lastSeen: "the thing has not been seen yet"
    case .linked: "it is not known whether the thing is linked"
    case .geo: "it is not known where the thing is"
    }
  }

  /// What kind of value it has, which decides what it can be compared with.
  enum Kind { case text, texts, version, time, truth, place, seconds, any }

  var kind: Kind {
    switch self {
    case .id, .controllerID, .model, .owner: .text
    case .tag: .texts
    case .mcuVersion: .version
    case .activatedAt, .lastSeen: .time
    case .linked: .truth
    case .geo: .place
    case .age: .seconds
    case .resource, .setting, .description: .any
    }
  }

  /// Whether a name can hold this byte without quotes. Dots stand between names.
  static func isPlain(_ byte: UInt8) -> Bool {
    TextCursor.isLetter(byte) || TextCursor.isDigit(byte) || byte >= 0x80 || "-_$".utf8.contains(byte)
  }

  /// The dots of a key need no quotes where they stand between its names.
  private static func written(key: String) -> String {
    let names = key.split(separator: ".", omittingEmptySubsequences: false)
    return names.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isPlain) } ? key : WrittenText.quoted(key)
  }

  private static func written(path: [String]) -> String { path.map(quotedIfOdd).joined(separator: ".") }

  private static func quotedIfOdd(_ name: String) -> String {
    !name.isEmpty && name.utf8.allSatisfy(isPlain) ? name : WrittenText.quoted(name)
  }
}
