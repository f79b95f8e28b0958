import Domain

/// A value that an expression compares with, read for what it is compared to.
struct Literal: Sendable {
  enum Meaning: Sendable {
    case text(TextPattern)
    case number(Double)
    case truth(Bool)
    case time(Timestamp)
    case version(FirmwareVersion)
  }

  /// How a value of a thing stands to it.
  enum Standing: Sendable {
    case before, same, after
    /// Not the same, and without an order.
    case different
    /// Of another kind.
    case unfit
  }

  let meaning: Meaning
  /// The literal as an expression can have it.
  let written: String

  init(_ meaning: Meaning, _ source: WrittenText) {
    self.meaning = meaning
    written = source.isVerbatim && !source.hasWildcards && Self.staysBare(meaning) ? source.text : Self.quoted(source, meaning)
  }

  func standing(of value: AttributeValue) -> Standing {
    switch (meaning, value) {
    case (.text(let pattern), .text(let text)), (.text(let pattern), .version(let text)):
      pattern.matches(text) ? .same : .different
    case (.text(let pattern), .texts(let texts)): texts.contains { pattern.matches($0) } ? .same : .different
    case (.number(let wanted), .number(let number)): Self.order(number, wanted)
    case (.number(let wanted), .text(let text)): PlainNumber.parse(text).map { Self.order($0, wanted) } ?? .unfit
    case (.truth(let wanted), .bool(let truth)): truth == wanted ? .same : .different
    case (.truth(let wanted), .text(let text)): text == (wanted ? "true" : "false") ? .same : .different
    case (.time(let wanted), .time(let time)): Self.order(time, wanted)
    case (.time(let wanted), .text(let text)): WrittenTime.parse(text).map { Self.order($0, wanted) } ?? .unfit
    case (.version(let wanted), .version(let text)), (.version(let wanted), .text(let text)): Self.order(text, wanted)
    default: .unfit
    }
  }

  /// What it is, for a note such as "is a text, not a number".
  var kindInWords: String {
    switch meaning {
    case .text: "a text"
    case .number: "a number"
    case .truth: "true or false"
    case .time: "a time"
    case .version: "a version"
    }
  }

  private static func order<Value: Comparable>(_ value: Value, _ wanted: Value) -> Standing {
    value < wanted ? .before : value == wanted ? .same : value > wanted ? .after : .different
  }

  /// Texts without an order of their own can still be the same.
  private static func order(_ text: String, _ wanted: FirmwareVersion) -> Standing {
    if text == wanted.text { return .same }
    switch FirmwareVersion(text).flatMap({ FirmwareVersion.compare($0, wanted) }) {
    case .older: return .before
    case .same: return .same
    case .newer: return .after
    case nil: return .different
    }
  }

  /// In quotes a number would be a text.
  private static func staysBare(_ meaning: Meaning) -> Bool {
    switch meaning {
    case .number, .truth: true
    case .text, .time, .version: false
    }
  }

  private static func quoted(_ source: WrittenText, _ meaning: Meaning) -> String {
    if case .text(let pattern) = meaning { return WrittenText.quoted(pieces: pattern.pieces) }
    return WrittenText.quoted(source.text)
  }
}
