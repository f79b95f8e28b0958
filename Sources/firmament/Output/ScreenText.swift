/// Text that is drawn again in its own place on a terminal.
enum ScreenText {
  /// Rows that lines take on a terminal that breaks those that are too long.
  static func rows(of text: String, columns: Int) -> Int {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .reduce(0) { $0 + max(1, ($1.count + max(1, columns) - 1) / max(1, columns)) }
  }

  /// Moves to the first of so many rows above the cursor and clears from there to the end of the screen.
  static func erasing(rows: Int) -> String { rows == 0 ? "" : "\r\u{1B}[\(rows)A\u{1B}[J" }
}
