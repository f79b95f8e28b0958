import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPAPI

@Suite("A connection's deadlines")
struct ConnectionDeadlineTests {
  private static let ok = HTTPServerResponsePart.head(
    HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "9"]))

  @Test(
    "give a head that has begun ten seconds, and then answer 408",
    arguments: ["G", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\nHost: a\n"])
  func slowHead(begun: String) throws {
    let connection = try TestConnection()
    connection.advance(.seconds(40))
    connection.receive(begun)
    connection.advance(.milliseconds(9_900))
    #expect(connection.sent().isEmpty)
    connection.advance(.milliseconds(200))
    let answer = connection.sent()
    #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(answer.contains("Connection: close\r\n"))
    #expect(answer.hasSuffix(#"{"status":"error","code":408,"message":"the request took too long to arrive"}"#))
    #expect(connection.wire.outputIsClosed)
    connection.advance(.milliseconds(2_100))
    #expect(!connection.channel.isActive)
  }

  @Test("do not let a head live on by trickling")
  func tricklingHead() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\n")
    for _ in 0..<12 where !connection.wire.outputIsClosed {
      connection.advance(.seconds(1))
      connection.receive("a")
    }
    #expect(connection.sent().hasPrefix("HTTP/1.1 408 "))
  }

  @Test("close a connection that says nothing for a minute, without a word")
  func idle() throws {
    let connection = try TestConnection()
    connection.advance(.milliseconds(59_900))
    #expect(connection.channel.isActive)
    connection.advance(.milliseconds(200))
    #expect(!connection.channel.isActive)
    #expect(connection.sent().isEmpty)
  }

  @Test("count the idle minute from the last response")
  func keepAlive() throws {
    let connection = try TestConnection()
    for _ in 0..<5 {
      connection.advance(.seconds(50))
      connection.receive("GET / HTTP/1.1\r\n\r\n")
      connection.answer()
    }
    #expect(connection.sent().contains("200 OK"))
    connection.advance(.milliseconds(59_900))
    #expect(connection.channel.isActive)
    connection.advance(.milliseconds(200))
    #expect(!connection.channel.isActive)
    #expect(connection.sent().isEmpty)
  }

  @Test("give the application all the time it takes")
  func slowApplication() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\n\r\n")
    connection.advance(.hours(10))
    #expect(connection.channel.isActive)
    connection.answer()
    #expect(connection.sent().hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  @Test("answer 408 to a body that stands still for half a minute, but not to one that trickles")
  func slowBody() throws {
    let connection = try TestConnection()
    connection.receive("POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\n")
    for _ in 0..<10 {
      connection.advance(.seconds(29))
      connection.receive("x")
    }
    #expect(connection.sent().isEmpty)
    connection.advance(.seconds(31))
    #expect(connection.sent().hasPrefix("HTTP/1.1 408 "))
    #expect(connection.wire.outputIsClosed)
  }

  @Test("just end the connection when the body stands still and the response has begun")
  func slowBodyWithResponse() throws {
    let connection = try TestConnection()
    connection.receive("POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\nabc")
    connection.send(Self.ok)
    connection.receive("d")
    #expect(connection.sent().hasPrefix("HTTP/1.1 200 "))
    connection.advance(.seconds(31))
    #expect(!connection.channel.isActive)
    #expect(connection.sent().isEmpty)
  }

  @Test("do not blame a client for bytes that the server does not read")
  func backPressure() throws {
    let connection = try TestConnection()
    connection.receive("POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\n")
    try connection.channel.writeInbound(ByteBuffer(string: "abc"))
    connection.advance(.hours(1))
    #expect(connection.channel.isActive && !connection.wire.outputIsClosed)
    connection.channel.read()
    connection.advance(.seconds(61))
    #expect(connection.sent().hasPrefix("HTTP/1.1 408 "))
  }

  @Test("leave a slow download alone while the client takes something, and end it when it takes nothing")
  func slowDownload() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\n\r\n")
    connection.backlog.bytes = 1000
    connection.answer()
    for _ in 0..<100 {
      connection.advance(.seconds(119))
      connection.backlog.bytes -= 1
    }
    #expect(connection.channel.isActive)
    connection.advance(.seconds(241))
    #expect(!connection.channel.isActive)
  }

  @Test("give the idle minute after a download that took long")
  func idleAfterSlowDownload() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\n\r\n")
    connection.backlog.bytes = 10
    connection.answer()
    connection.advance(.seconds(100))
    connection.backlog.bytes = 0
    connection.advance(.seconds(59))
    #expect(connection.channel.isActive)
    connection.advance(.seconds(190))
    #expect(!connection.channel.isActive)
  }

  @Test("take no time from a request that is being answered while the next has begun")
  func pipelinedHead() throws {
    let connection = try TestConnection()
    connection.receive("GET / HTTP/1.1\r\n\r\nGET /sec")
    connection.advance(.seconds(100))
    #expect(connection.sent().isEmpty)
    connection.answer()
    #expect(connection.sent().hasPrefix("HTTP/1.1 200 "))
    connection.advance(.milliseconds(10_100))
    #expect(connection.sent().hasPrefix("HTTP/1.1 408 "))
  }
}
