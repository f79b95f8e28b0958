import Domain
import Foundation
import Testing

/// Checks that an answer is an error of the operators' API (RFC 9457) with this status and, where given, this code.
func expectProblem(
  _ answer: RawAnswer, _ status: Int, _ code: String? = nil, _ comment: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let text = Comment(rawValue: "\(comment) \(answer.status) \(answer.text.prefix(500))")
  guard answer.status == status else {
    Issue.record("\(status) is expected: \(text)", sourceLocation: sourceLocation)
    return
  }
  #expect(answer["content-type"] == "application/problem+json", text, sourceLocation: sourceLocation)
  #expect(answer.json?.names == ["type", "title", "status", "detail", "code"], text, sourceLocation: sourceLocation)
  let given = answer.json?["code"]?.text ?? ""
  #expect(
    !given.isEmpty && answer.json?["type"]?.text == "urn:firmament:problem:\(given)", text, sourceLocation: sourceLocation)
  #expect(answer.json?["status"]?.wholeNumber == Int64(status), text, sourceLocation: sourceLocation)
  #expect(answer.json?["title"]?.text?.isEmpty == false, text, sourceLocation: sourceLocation)
  #expect(answer.json?["detail"]?.text?.isEmpty == false, text, sourceLocation: sourceLocation)
  if let code { #expect(given == code, text, sourceLocation: sourceLocation) }
  expectWhole(answer, sourceLocation)
}

/// Checks that an answer is an error of the thing-side API with this status.
func expectThingError(
  _ answer: RawAnswer, _ status: Int, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let text = Comment(rawValue: "\(comment) \(answer.status) \(answer.text.prefix(500))")
  guard answer.status == status else {
    Issue.record("\(status) is expected: \(text)", sourceLocation: sourceLocation)
    return
  }
  #expect(answer["content-type"] == "application/json", text, sourceLocation: sourceLocation)
  #expect(answer.json?.names == ["status", "code", "message"], text, sourceLocation: sourceLocation)
  #expect(answer.json?["status"]?.text == "error", text, sourceLocation: sourceLocation)
  #expect(answer.json?["code"]?.wholeNumber == Int64(status), text, sourceLocation: sourceLocation)
  #expect(answer.json?["message"]?.text?.isEmpty == false, text, sourceLocation: sourceLocation)
  #expect(answer.text.hasPrefix("{\"status\":\"error\",\"code\":"), text, sourceLocation: sourceLocation)
  // Small clients read up to the first line break, and take the first brace for the start of the body.
  #expect(!answer.body.contains(10), text, sourceLocation: sourceLocation)
  let braced = answer.headers.first { $0.value.contains("{") || $0.value.contains("[") }
  #expect(braced == nil, text, sourceLocation: sourceLocation)
  expectWhole(answer, sourceLocation)
}

private func expectWhole(_ answer: RawAnswer, _ sourceLocation: SourceLocation) {
  #expect(answer["content-length"] == String(answer.body.count), sourceLocation: sourceLocation)
  #expect(answer["transfer-encoding"] == nil, sourceLocation: sourceLocation)
  #expect(!answer.reason.isEmpty, sourceLocation: sourceLocation)
}
