import Domain
import HTTPTypes
import Hummingbird

extension Request {
  /// The body as a shape of the thing- and app-side API (wire page, section 2 "Request media"): JSON, whatever the Content-Type
  /// says, or a form.
  func thingShape<Shape: Decodable>(_ shape: Shape.Type, _ settings: APISettings) async throws -> Shape {
    let bytes = try await bytes(upTo: settings.largestThingBody)
    let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    switch isJSON ? nil : mediaType {
    case "application/x-www-form-urlencoded":
      return try JSONText.decode(shape, from: try FormBody.parse(bytes, deepest: settings.deepestJSON))
    case "application/msgpack", "application/x-msgpack", "application/vnd.msgpack":
      throw APIError(
        status: .unsupportedMediaType, code: "unsupported-media-type", message: "MessagePack is not supported: send JSON")
    default: return try JSONText.decode(shape, from: bytes, deepest: settings.deepestJSON)
    }
  }

  /// The Content-Type without its parameters, in lower case.
  private var mediaType: String? {
    headers[.contentType]?.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
  }
}

extension JSONValue {
  /// A name that may have been sent as a number; nil for null.
  /// - Parameter field: what the message calls it.
  /// - Throws: `APIError` (400) for any other type.
  func name(field: String) throws -> String? {
    switch self {
    case .null: nil
    case .string(let text): text
    case .integer(let number): String(number)
    case .bool, .number, .array, .object: throw APIError.malformed("\(field): a text is needed")
    }
  }
}
