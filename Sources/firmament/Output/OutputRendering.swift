import Foundation

/// A value that people can read: a table, fields or a line, without a line break at the end.
protocol TextRendering: Encodable {
  var text: String { get }
}

/// The one place that writes results to standard output: one value, as text for people or as one JSON document for programs.
struct OutputRendering {
  let json: Bool
  /// Where it goes; tests take it elsewhere.
  var write: @Sendable (String) -> Void = { StandardStream.output.write($0) }

  /// - Parameter line: what people see instead of the value's own text.
  func write(_ value: some TextRendering, line: String? = nil) throws {
    write((json ? try Self.json(value) : line ?? value.text) + "\n")
  }

  /// Keys are sorted and slashes are not escaped.
  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
