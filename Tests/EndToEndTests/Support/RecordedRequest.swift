import Foundation

/// A request as the code of a real client sends it, byte by byte, and how that client finds the answer in what comes back.
struct RecordedRequest: Sendable {
  enum Reading: Sendable {
    /// From the first brace or bracket of the first segment on, head and all.
    case fromFirstBrace
    /// So many bytes behind the blank line of the first segment as a header says whose name is compared letter by letter. The
    /// body must fit into a buffer of this size.
    case counted(buffer: Int)
    /// What is behind the blank line of the first segment.
    case behindBlankLine
    /// What is behind the blank line when the server has closed the connection.
    case toTheEnd
  }

  struct Taken: Sendable {
    /// The three digits at the place in the first line where they always are.
    let status: Int
    let head: String
    let body: String
  }

  let client: String
  /// With `TOKEN`, `CODE` and `SESSION` in their places, and `LENGTH` for the body's.
  let head: String
  var body = ""
  /// What the client sends behind the body and does not count.
  var after = ""
  let reading: Reading

  /// Whether it can only go to a listener that takes bare line feeds.
  var isLenient: Bool { !head.contains("\r\n") }

  func bytes(_ values: [String: String]) -> [UInt8] {
    let fill = { (text: String) in values.reduce(text) { $0.replacing($1.key, with: $1.value) } }
    let body = fill(body)
    return Array((fill(head).replacing("LENGTH", with: String(body.utf8.count)) + body + after).utf8)
  }

  /// Sends it and reads the answer as the client does.
  func taken(_ values: [String: String], from url: String) async throws -> Taken {
    let bytes = bytes(values)
    let answer: [UInt8]
    if case .toTheEnd = reading {
      let connection = try RawConnection(url)
      await connection.send(bytes)
      answer = try await connection.readToEnd()
    } else {
      answer = try await firstSegment(of: bytes, url)
    }
    let text = String(decoding: answer, as: UTF8.self)
    let failure = RawConnection.Failure(description: "\(client) cannot read \(text)")
    guard text.hasPrefix("HTTP/1.1 "), let status = Int(text.dropFirst(9).prefix(3)),
      let blank = text.range(of: "\r\n\r\n")
    else { throw failure }
    let head = String(text[..<blank.lowerBound])
    switch reading {
    case .fromFirstBrace:
      guard let first = text.firstIndex(where: { $0 == "{" || $0 == "[" }) else { throw failure }
      return Taken(status: status, head: head, body: String(text[first...]))
    case .counted(let buffer):
      let lines = head.components(separatedBy: "\r\n")
      guard let line = lines.first(where: { $0.hasPrefix("Content-Length: ") }), let length = Int(line.dropFirst(16)),
        length <= buffer
      else { throw failure }
      return Taken(status: status, head: head, body: String(text[blank.upperBound...].prefix(length)))
    case .behindBlankLine, .toTheEnd:
      return Taken(status: status, head: head, body: String(text[blank.upperBound...]))
    }
  }
}

/// What one look at the network brings first, as a client with no loop around its reading sees it. The connection is closed
/// right afterwards.
func firstSegment(of request: [UInt8], _ url: String) async throws -> [UInt8] {
  let descriptor = try Loopback.connect(to: url)
  return await offThread {
    var limit = timeval(tv_sec: RawConnection.patience, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    _ = send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &piece, piece.count, 0)
    close(descriptor)
    return Array(piece.prefix(max(0, count)))
  }
}

/// The same for a text.
func firstSegment(of request: String, _ url: String) async throws -> [UInt8] {
  try await firstSegment(of: Array(request.utf8), url)
}
