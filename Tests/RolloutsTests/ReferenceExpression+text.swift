import Domain

@testable import Rollouts

extension ReferenceExpression {
  /// Three ways to write the same.
  enum Style: CaseIterable {
    /// RSQL with words and no parenthesis too many.
    case words
    /// FIQL, with signs and no blanks.
    case signs
    /// All parentheses there can be, blanks, quotes, and words in odd case.
    case loud
  }

  func text(_ style: Style) -> String { style == .loud ? "( \(inner(style)) )" : inner(style) }

  private func inner(_ style: Style) -> String {
    switch self {
    case .numbers(let sign, let numbers): return Self.comparison("resource.n", sign, numbers.map(String.init), style)
    case .words(let sign, let words): return Self.comparison("model", sign, words.map { Self.word($0, style) }, style)
    case .tags(let sign, let words): return Self.comparison("tag", sign, words.map { Self.word($0, style) }, style)
    case .versions(let sign, let numbers):
      return Self.comparison(
        style == .loud ? "mcu.\"main\".version" : "mcu.main.version", sign,
        numbers.map { style == .loud ? "'1.\($0)'" : "1.\($0)" },
        style)
    case .days(let sign, let numbers):
      let times = numbers.map { style == .words ? "2026-01-0\($0 + 1)" : Self.day($0).iso8601 }
      return Self.comparison("activatedAt", sign, times, style)
    case .ages(let sign, let numbers):
      return Self.comparison("age.n", sign, numbers.map { style == .words ? "\($0)m" : "\($0 * 60)" }, style)
    case .linked(let same, let wanted): return Self.comparison("linked", same ? "==" : "!=", ["\(wanted)"], style)
    case .all(let parts):
      let texts = parts.map { part in
        if case .any = part { return "(\(part.inner(style)))" }
        return part.text(style)
      }
      return texts.joined(separator: style == .words ? " and " : style == .signs ? ";" : " \t AnD\n")
    case .any(let parts):
      return parts.map { $0.text(style) }.joined(separator: style == .words ? " or " : style == .signs ? "," : " OR  ")
    }
  }

  private static let longSigns = ["<": "=lt=", "<=": "=le=", ">": "=gt=", ">=": "=ge="]

  private static func comparison(_ selector: String, _ sign: String, _ values: [String], _ style: Style) -> String {
    let blank = style == .loud ? " " : ""
    let isList = sign == "=in=" || sign == "=out="
    let value = isList ? "(\(blank)\(values.joined(separator: blank + "," + blank))\(blank))" : values[0]
    return selector + blank + (style == .signs ? longSigns[sign] ?? sign : sign) + blank + value
  }

  /// Bare with a backslash before each odd character, or in quotes of either kind.
  private static func word(_ word: String, _ style: Style) -> String {
    func escaped(_ odd: String) -> String { word.map { odd.contains($0) ? "\\\($0)" : "\($0)" }.joined() }
    switch style {
    case .words: return "\"\(escaped("\"\\*"))\""
    case .signs: return escaped("\"'\\*(,;) ")
    case .loud: return "'\(escaped("'\\*"))'"
    }
  }
}
