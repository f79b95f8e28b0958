import Domain
import Foundation

/// One request on a connection of its own.
struct RawRequest: Sendable {
  var method = "GET"
  var path: String
  var headers: [(name: String, value: String)] = []
  var body: [UInt8]?
  /// Sends the body in chunks and without its length.
  var isChunked = false

  var bytes: [UInt8] {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    guard let body else { return Array((text + "\r\n").utf8) }
    guard isChunked else { return Array((text + "Content-Length: \(body.count)\r\n\r\n").utf8) + body }
    var bytes = Array((text + "Transfer-Encoding: chunked\r\n\r\n").utf8)
    for start in stride(from: 0, to: body.count, by: 60_000) {
      let piece = body[start..<min(start + 60_000, body.count)]
      bytes += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
    }
    return bytes + Array("0\r\n\r\n".utf8)
  }
}

extension RunningServer {
  /// Sends a request as it is and reads the answer.
  func exchange(_ request: RawRequest) async throws -> RawAnswer {
    let connection = try RawConnection(url)
    // Both at once: the server may answer, and close, before it has read everything.
    async let sent = connection.send(request.bytes)
    let answer = await Result.catching { try await connection.answer(toHead: request.method == "HEAD") }
    connection.endBoth()
    _ = await sent
    return try answer.get()
  }

  /// A request to the thing-side API, or to what is open to everybody.
  func exchange(_ method: String, _ path: String, _ body: String? = nil) async throws -> RawAnswer {
    try await exchange(RawRequest(method: method, path: path, body: body.map { Array($0.utf8) }))
  }

  /// A request to the operators' API, with the token.
  func operate(
    _ method: String, _ path: String, headers: [(name: String, value: String)] = [], _ body: [UInt8]? = nil,
    isChunked: Bool = false
  ) async throws -> RawAnswer {
    try await exchange(
      RawRequest(
        method: method, path: path, headers: [("Authorization", "Bearer \(token)")] + headers, body: body,
        isChunked: isChunked))
  }

  func operate(_ method: String, _ path: String, json: String) async throws -> RawAnswer {
    try await operate(method, path, Array(json.utf8))
  }

  /// Asks again and again until the answer is as wanted.
  /// - Throws: `RawConnection.Failure` when it is not within `RawConnection.patience`.
  func operate(
    _ method: String, _ path: String, until isWanted: (RawAnswer) -> Bool
  ) async throws -> RawAnswer {
    let end = ContinuousClock.now + .seconds(RawConnection.patience)
    while true {
      let answer = try await operate(method, path)
      if isWanted(answer) { return answer }
      guard ContinuousClock.now < end else {
        throw RawConnection.Failure(description: "\(method) \(path) still answers \(answer.status) \(answer.headers)")
      }
    }
  }
}

extension Result where Failure == any Error {
  static func catching(_ body: () async throws -> Success) async -> Result {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
