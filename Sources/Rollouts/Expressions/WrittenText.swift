/// A text as an expression has it, bare or in quotes, with its escapes resolved.
struct WrittenText {
  /// With stars as they are, escaped or not.
  let text: String
  /// What stands between the stars that were not escaped; one piece where there are none.
  let pieces: [[UInt8]]
  /// Written without quotes and escapes: only so it can be a number or a truth value by itself.
  let isVerbatim: Bool
  /// Where it begins, in bytes.
  let start: Int

  var hasWildcards: Bool { pieces.count > 1 }

  /// The text as it can stand in an expression, with every star taken literally.
  var written: String { isVerbatim ? text : Self.quoted(text) }

  /// The text in double quotes, with every star taken literally.
  static func quoted(_ text: String) -> String { quoted(pieces: [Array(text.utf8)]) }

  /// The pieces in double quotes with a star between each two.
  static func quoted(pieces: [[UInt8]]) -> String {
    let escaped = pieces.map { piece in
      piece.flatMap { "\"\\*".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
    }
    return "\"" + String(decoding: Array(escaped.joined(separator: [UInt8(ascii: "*")])), as: UTF8.self) + "\""
  }

  /// The text for a message, cut where it is long.
  var shown: String { text.count > 40 ? "\(text.prefix(40))…" : text }
}
