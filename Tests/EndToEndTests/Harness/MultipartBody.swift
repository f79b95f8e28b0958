import Foundation
import TestSupport

/// The body of a `multipart/byteranges` answer (RFC 9110, section 14.6), read strictly.
struct MultipartBody {
  struct Part {
    let contentRange: String
    let body: [UInt8]
  }

  private(set) var parts: [Part] = []

  /// - Throws: `RawConnection.Failure` for whatever a strict reader would not understand.
  init(_ answer: RawAnswer) throws {
    let type = answer["content-type"] ?? ""
    let prefix = "multipart/byteranges; boundary="
    guard type.hasPrefix(prefix) else { throw RawConnection.Failure(description: "no multipart: \(type)") }
    let delimiter = Array("\r\n--\(type.dropFirst(prefix.count))".utf8)
    // The first delimiter has no line break of its own before it.
    var rest = (Array("\r\n".utf8) + answer.body)[...]
    while true {
      guard rest.starts(with: delimiter) else { throw RawConnection.Failure(description: "no delimiter before a part") }
      rest = rest.dropFirst(delimiter.count)
      if rest.elementsEqual("--\r\n".utf8) { return }
      guard let end = rest.place(of: RawAnswer.endOfHead), rest.starts(with: "\r\n".utf8) else {
        throw RawConnection.Failure(description: "no head of a part")
      }
      let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
      let field = lines.first { $0.lowercased().hasPrefix("content-range: ") }?.dropFirst("content-range: ".count)
      guard let contentRange = field, let next = rest[end.upperBound...].place(of: delimiter) else {
        throw RawConnection.Failure(description: "a part without Content-Range or without an end")
      }
      parts.append(Part(contentRange: String(contentRange), body: Array(rest[end.upperBound..<next.lowerBound])))
      rest = rest[next.lowerBound...]
    }
  }
}
