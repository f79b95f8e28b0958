/// The names of resources (wire page, section 2 "Key charset").
public enum ResourceKey {
  /// In characters.
  public static let longest = 128
  /// The magic resource that is one document.
  public static let settings = "$settings"
  /// The resource that describes a thing as one document.
  public static let description = "description"

  /// Whether the text is 1 to 128 ASCII letters, digits, `.`, `-` and `_`.
  public static func isKey(_ text: String) -> Bool {
    guard (1...longest).contains(text.utf8.count) else { return false }
    return text.utf8.allSatisfy { Base64URL.isCharacter($0) || $0 == UInt8(ascii: ".") }
  }

  /// What a grant must name for this key: settings are granted as a whole.
  public static func granted(_ key: String) -> String { settingPath(key) == nil ? key : settings }

  /// The names on the way to a setting: of `$settings.a.b` it is a and b, of `$settings` none. Nil for any other key.
  public static func settingPath(_ key: String) -> [String]? {
    guard key.hasPrefix(settings), key.utf8.count <= longest else { return nil }
    let rest = key.dropFirst(settings.count)
    if rest.isEmpty { return [] }
    guard rest.first == "." else { return nil }
    let names = rest.dropFirst().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return names.allSatisfy { !$0.isEmpty && isKey($0) } ? names : nil
  }
}
