import Domain
import Foundation

/// An HTTP/1.1 answer as it came over the wire.
struct RawAnswer: Sendable {
  static let endOfHead = Array("\r\n\r\n".utf8)

  let status: Int
  let reason: String
  let headers: [(name: String, value: String)]
  var body: [UInt8] = []

  init(head: ArraySlice<UInt8>) throws {
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0] == "HTTP/1.1", words[1].utf8.count == 3, let status = Int(words[1]) else {
      throw RawConnection.Failure(description: "no status line: \(lines[0].prefix(200))")
    }
    self.status = status
    reason = words.count == 3 ? String(words[2]) : ""
    headers = try lines.dropFirst().map { line in
      guard let colon = line.firstIndex(of: ":") else {
        throw RawConnection.Failure(description: "no header: \(line.prefix(200))")
      }
      return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
  }

  /// The value of a header, by its name in lower case; nil where it is missing.
  subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// The body as JSON; nil where it is none.
  var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(body)) }
}

extension JSONValue {
  var elements: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  var names: Set<String>? {
    guard case .object(let members) = self else { return nil }
    return Set(members.keys)
  }

  var wholeNumber: Int64? {
    guard case .integer(let value) = self else { return nil }
    return value
  }
}
