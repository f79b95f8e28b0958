import HTTPTypes

/// The head of an answer that has a tag: 200, or 304 for one who has exactly this.
struct AnswerHead {
  /// Where things stand in it, in bytes from the beginning.
  struct Places {
    var tag = 0
    var date = 0
    /// nil where there is none.
    var body: Int?
  }

  let tag: String
  /// What the body is.
  let type: String
  /// In bytes; that of an answer of 304 is not sent.
  private let wholeLength: Int
  let isKnown: Bool
  /// Whether the connection ends with the answer.
  let closes: Bool

  init(tag: String, type: String, bodyLength: Int, isKnown: Bool, closes: Bool) {
    (self.tag, self.type, wholeLength, self.isKnown, self.closes) = (tag, type, bodyLength, isKnown, closes)
  }

  var status: HTTPResponse.Status { isKnown ? .notModified : .ok }
  var hasBody: Bool { !isKnown }
  var bodyLength: Int { isKnown ? 0 : wholeLength }

  /// As many bytes as the head has at most.
  var length: Int { 256 + tag.utf8.count + type.utf8.count }
}

extension AnswerPen {
  @discardableResult
  mutating func write(_ head: AnswerHead, at date: DateLine) -> AnswerHead.Places {
    var places = AnswerHead.Places()
    write(head.isKnown ? "HTTP/1.1 304 Not Modified\r\nETag: " : "HTTP/1.1 200 OK\r\nETag: ")
    places.tag = count
    write(head.tag)
    write("\r\nCache-Control: no-cache\r\n")
    // An answer of 304 has neither (RFC 9110 section 8.6).
    if head.hasBody {
      write("Content-Type: ")
      write(head.type)
      write("\r\nContent-Length: ")
      write(Int64(head.bodyLength))
      write("\r\n")
    }
    places.date = end(at: date, closes: head.closes)
    if head.hasBody { places.body = count }
    return places
  }

  /// The lines with which every head ends.
  /// - Returns: where the time stands.
  @discardableResult
  mutating func end(at date: DateLine, closes: Bool) -> Int {
    write("Date: ")
    let place = count
    write(date.bytes)
    write(closes ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n")
    return place
  }
}
