/// Where in an expression the server found a mistake: `target: at character 12: …`.
struct ExpressionFault {
  let expression: String
  /// From 1 on; one more than the expression has where something is missing at its end.
  let character: Int

  /// - Parameter expressions: what was sent, by name.
  /// - Returns: nil when the detail names no place in one of them.
  init?(detail: String, in expressions: [String: String]) {
    let parts = detail.split(separator: ":", maxSplits: 2)
    let marker = " at character "
    guard parts.count == 3, parts[1].hasPrefix(marker), let expression = expressions[String(parts[0])],
      let character = Int(parts[1].dropFirst(marker.count)), (1...expression.count + 1).contains(character)
    else { return nil }
    self.expression = expression
    self.character = character
  }

  /// The expression, or the part of it around the place that fits, and a caret under the place.
  func lines(columns: Int) -> String {
    let margin = 2
    // Character by character, so that the caret stays under its own.
    let shown = expression.map { character in
      character.isNewline || character == "\t" ? " " : String(PlainText.line(String(character)).first ?? "?")
    }
    let room = max(20, columns - margin - 1)
    let start = max(0, min(character - 1 - room / 2, shown.count - room))
    let part = shown[start..<min(shown.count, start + room)].joined()
    let blank = String(repeating: " ", count: margin)
    return blank + part + "\n" + blank + String(repeating: " ", count: character - 1 - start) + "^"
  }
}
