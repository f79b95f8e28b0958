import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPAPI

@Suite("A connection")
struct RequestProgressHandlerTests {
  @Test("tells a client that waits with its body to go on, once")
  func continues() throws {
    let connection = try TestConnection()
    connection.receive("PUT / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n")
    #expect(connection.sent() == "HTTP/1.1 100 Continue\r\n\r\n")
    connection.receive("a")
    connection.receive("bc")
    connection.answer(.created)
    #expect(connection.sent().hasPrefix("HTTP/1.1 201 Created\r\n"))
    #expect(connection.channel.isActive && !connection.wire.outputIsClosed)
  }

  @Test(
    "does not say it to a client that sends at once, or of HTTP/1.0",
    arguments: [
      "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na",
      "PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    ])
  func needsNoContinue(request: String) throws {
    let connection = try TestConnection()
    connection.receive(request)
    #expect(connection.sent().isEmpty)
  }

  @Test(
    "answers 400 to what is not HTTP, and closes",
    arguments: [
      "\u{16}\u{3}\u{1}hello", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ])
  func malformed(request: String) throws {
    let connection = try TestConnection()
    connection.receive(request)
    let answer = connection.sent()
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(answer.contains("\r\nConnection: close\r\n"))
    #expect(connection.wire.outputIsClosed)
    connection.receive("GET / HTTP/1.1\r\n\r\n")
    #expect(connection.sent().isEmpty)
  }

  @Test("answers 431 to a head over the limits, and takes one just under them")
  func headTooLarge() throws {
    let longest = String(repeating: "a", count: 16 * 1024)
    let heads = [
      "GET / HTTP/1.1\r\nX: a\(longest)\r\n\r\n", "GET /\(String(repeating: "a", count: 17_000)) HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\n" + String(repeating: "X: \(String(repeating: "a", count: 4090))\r\n", count: 9) + "\r\n",
      "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n",
    ]
    for head in heads {
      let connection = try TestConnection()
      connection.receive(head)
      #expect(connection.parts().isEmpty)
      #expect(connection.sent().hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
    }
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\nX: \(longest)\r\n\(String(repeating: "A: b\r\n", count: 98))\r\n")
    #expect(connection.parts().count == 2)
  }

  @Test("answers what is not HTTP only after what was asked before it")
  func malformedAfterRequest() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\n\r\nrubbish\r\n\r\n")
    #expect(connection.errors.count == 1)
    #expect(connection.sent().isEmpty)
    connection.answer()
    #expect(connection.sent().hasPrefix("HTTP/1.1 200 OK\r\n"))
    connection.answer(.badRequest, headers: ["Connection": "close", "Content-Length": "0"])
    let answer = connection.sent()
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(answer.hasSuffix("not valid HTTP\"}"))
    #expect(connection.wire.outputIsClosed)
  }

  @Test(
    "ends after the response when the client wants it so",
    arguments: [
      "GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.1\r\nConnection: te, close\r\n\r\n",
      "GET / HTTP/1.1\r\nConnection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
    ])
  func closes(request: String) throws {
    let connection = try TestConnection()
    connection.receive(request)
    connection.receive("GET /ignored HTTP/1.1\r\n\r\n")
    let parts = connection.parts()
    #expect(parts.count == 2)
    // One that asks for another protocol is left as it is, for whoever speaks it.
    #expect(parts[0].contains("Connection=close") || parts[0].contains("Upgrade="))
    connection.answer()
    #expect(connection.sent() == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    #expect(connection.wire.outputIsClosed)
    #expect(connection.channel.isActive)
    connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(!connection.channel.isActive)
  }

  @Test("stays open for HTTP/1.0 that asks for it, and says so")
  func staysOpen() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    connection.answer()
    #expect(connection.sent() == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")
    #expect(!connection.wire.outputIsClosed)
  }

  @Test("closes at once on shutdown when it is idle, and after the response when it is not")
  func quiesces() throws {
    let idle = try TestConnection()
    idle.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    #expect(!idle.channel.isActive)

    let busy = try TestConnection()
    busy.receive("GET / HTTP/1.1\r\n\r\n")
    busy.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    #expect(!busy.wire.outputIsClosed)
    busy.answer()
    #expect(busy.sent() == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    #expect(busy.wire.outputIsClosed)

    let downloading = try TestConnection()
    downloading.receive("GET / HTTP/1.1\r\n\r\n")
    downloading.answer()
    downloading.backlog.bytes = 100
    downloading.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    #expect(downloading.channel.isActive && downloading.wire.outputIsClosed)
  }

  @Test("sends a client that has closed its side the whole response before it closes")
  func halfClosedClient() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\n\r\n")
    connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(connection.channel.isActive)
    connection.answer()
    #expect(connection.channel.isActive)
    connection.channel.close(mode: .output, promise: nil)
    #expect(connection.sent().hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(!connection.wire.outputIsClosed)
    #expect(!connection.channel.isActive)
  }
}
