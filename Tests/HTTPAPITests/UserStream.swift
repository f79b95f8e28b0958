import HummingbirdTesting
import Testing

@testable import HTTPAPI

/// What a user listens to, over a real socket.
struct UserStream: Sendable {
  enum Form: CaseIterable, Sendable { case chunked, events, webSocket }

  let client: WireClient
  let form: Form

  /// Returns when the subscription has begun.
  static func open(
    _ form: Form, _ path: String, as session: String?, _ home: Household, query: String = ""
  ) async throws -> UserStream {
    let stream = UserStream(client: try WireClient(port: home.front.client.port), form: form)
    var headers = session.map { ["Authorization: \($0)"] } ?? []
    var query = "?subscribe=true\(query)"
    switch form {
    case .chunked: break
    case .events: headers.append("Accept: text/event-stream")
    case .webSocket:
      headers += WebSocketTests.handshake
      query = query.replacing("?subscribe=true&", with: "?")
    }
    stream.client.get(path + query, headers)
    let head = try await stream.client.read(through: "\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 \(form == .webSocket ? "101 Switching Protocols" : "200 OK")\r\n"), "\(head)")
    try await stream.expect(StreamTests.subscribed)
    return stream
  }

  /// Expects that the next message is this one, and not another before it.
  func expect(_ json: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let wanted = packed(json)
    // As many bytes may never come: the message that came instead is then what the failure tells.
    let got = try await form == .webSocket ? nextFrame() : nextChunk()
    #expect(
      got == wanted, "\(String(decoding: got, as: UTF8.self)) instead of \(json)", sourceLocation: sourceLocation)
  }

  /// Expects that the stream ends next, and says that.
  func expectEnd(_ message: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let error = packed(#"{"status":"error","message":"\#(message)"}"#)
    let wanted = error + (form == .webSocket ? WebSocketTests.close(1008) : Array("0\r\n\r\n".utf8))
    let rest = try await client.readToEnd()
    #expect(rest == wanted, "\(String(decoding: rest, as: UTF8.self))", sourceLocation: sourceLocation)
  }

  private func packed(_ json: String) -> [UInt8] {
    switch form {
    case .chunked: Array(StreamTests.chunk(json).utf8)
    case .events: Array(StreamTests.chunk("data: \(json)\n\n").utf8)
    case .webSocket: WebSocketTests.text(json)
    }
  }

  private func nextChunk() async throws -> [UInt8] {
    let head = try await client.read(through: "\r\n")
    guard let count = Int(head.dropLast(), radix: 16) else { return Array(head.utf8) }
    return try await Array(head.utf8) + client.read(count + 2)
  }

  private func nextFrame() async throws -> [UInt8] {
    var head = try await client.read(2)
    guard head[1] >= 126 else { return try await head + client.read(Int(head[1])) }
    let length = try await client.read(head[1] == 126 ? 2 : 8)
    head += length
    return try await head + client.read(length.reduce(0) { $0 << 8 | Int($1) })
  }
}
