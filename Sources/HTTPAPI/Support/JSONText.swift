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
    do {
      return try decode(shape, from: try JSONValue(parsing: bytes, deepest: deepest))
    } catch JSONParsingError.tooDeep {
      throw APIError.malformed("the JSON is nested deeper than \(deepest)")
    } catch is JSONParsingError {
      // UTF-16 and UTF-32 have zeros, and so has nothing that is JSON.
      let isText = !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
      throw APIError.malformed(isText ? "the body is not JSON" : "the body is not JSON in UTF-8")
    }
  }

  /// Decodes what has been read already.
  /// - Throws: `APIError` (400) that names the field.
  static func decode<Shape: Decodable>(_ shape: Shape.Type, from value: JSONValue) throws -> Shape {
    do { return try JSONValueDecoder.decode(shape, from: value) } catch let error as DecodingError {
      throw APIError.malformed(message(of: error))
    }
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
