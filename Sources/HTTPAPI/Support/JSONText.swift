import Domain
import Foundation

/// JSON written by hand where the order of members is part of the wire contract, and by the encoder everywhere else.
enum JSONText {
  /// The text in quotation marks, escaped.
  static func quoted(_ text: String) -> String { JSONValue.quoted(text) }

  /// Compact, with sorted keys and unescaped slashes.
  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }

  /// Decodes a body.
  /// - Throws: `APIError` (400) that names the field.
  static func decode<Shape: Decodable>(_ shape: Shape.Type, from bytes: [UInt8], deepest: Int) throws -> Shape {
    guard depth(of: bytes) <= deepest else { throw APIError.malformed("the JSON is nested deeper than \(deepest)") }
    // The decoder would also take UTF-16 and UTF-32, and does not look into members that it is not asked for.
    guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
      throw APIError.malformed("the body is not JSON in UTF-8")
    }
    do {
      return try JSONDecoder().decode(shape, from: Data(bytes))
    } catch let error as DecodingError {
      throw APIError.malformed(message(of: error))
    }
  }

  /// How deep arrays and objects are nested. Looked at before the text is parsed, so that no depth can exhaust a stack.
  static func depth(of bytes: [UInt8]) -> Int {
    var depth = 0
    var deepest = 0
    var inText = false
    var escaped = false
    for byte in bytes {
      if inText {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): inText = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return deepest
  }

  private static func message(of error: DecodingError) -> String {
    func path(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
      let keys = context.codingPath + (last.map { [$0] } ?? [])
      return keys.isEmpty ? "the body" : keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(path(context, key)): is needed"
    case .valueNotFound(_, let context): return "\(path(context)): is null"
    case .typeMismatch(_, let context): return "\(path(context)): has the wrong type"
    case .dataCorrupted(let context) where context.codingPath.isEmpty: return "the body is not JSON"
    case .dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
    @unknown default: return "the body is not of the form that is needed"
    }
  }
}
