import HTTPTypes
import Hummingbird
import NIOCore

/// What routes read of a request.
extension Request {
  /// The whole body.
  /// - Throws: `APIError` (413) when it is larger.
  func bytes(upTo limit: Int) async throws -> [UInt8] {
    let tooLarge = APIError(status: .contentTooLarge, code: "body-too-large", message: "the body has more than \(limit) bytes")
    if let announced = headers[.contentLength].flatMap(Int.init), announced > limit { throw tooLarge }
    var collected: [UInt8] = []
    for try await piece in body {
      guard collected.count + piece.readableBytes <= limit else { throw tooLarge }
      collected += piece.readableBytesView
    }
    return collected
  }

  /// A value of the query, decoded; nil where it is missing or empty.
  func query(_ name: String) -> String? {
    uri.queryParameters[name[...]].flatMap { $0.isEmpty ? nil : String($0) }
  }

  /// A flag of the query: present and neither `false` nor `0`.
  func flag(_ name: String) -> Bool {
    uri.queryParameters[name[...]].map { $0 != "false" && $0 != "0" } ?? false
  }

  /// A number of the query.
  /// - Throws: `APIError` (400) for a text that is none.
  func number(_ name: String) throws -> Int? {
    guard let text = query(name) else { return nil }
    guard let number = Int(text) else { throw APIError.malformed("\(name): is no number") }
    return number
  }

  /// All lines of a header, joined by commas as RFC 9110 section 5.3 allows.
  func joined(_ name: HTTPField.Name) -> String? { headers.joined(name) }
}

extension HTTPFields {
  /// All lines of a header, joined by commas as RFC 9110 section 5.3 allows.
  func joined(_ name: HTTPField.Name) -> String? {
    let lines = self[values: name]
    return lines.isEmpty ? nil : lines.joined(separator: ", ")
  }
}

extension APIContext {
  /// A parameter of the path, percent-decoded.
  /// - Throws: `APIError` (400) for an encoding that is none.
  func parameter(_ name: String) throws -> String {
    guard let raw = parameters.get(name), let decoded = PercentEncoding.decode(raw) else {
      throw APIError.malformed("\(name): is not percent-encoded UTF-8")
    }
    return decoded
  }
}

/// Percent-encoding (RFC 3986 section 2.1), read.
enum PercentEncoding {
  /// - Returns: nil for an encoding that is none, and for what is not UTF-8.
  static func decode(_ text: some StringProtocol) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? { Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init) }
}
