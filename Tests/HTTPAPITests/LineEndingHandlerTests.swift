import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import HTTPAPI

@Suite("Line endings of requests")
struct LineEndingHandlerTests {
  private static let bareRequests =
    "POST /v2/things?a=1 HTTP/1.1\nHost: a\nX-Empty:\nContent-Length: 9\n\na\nb\r\n\nc\n\r" + "\n"
    + "\r\nGET /next HTTP/1.1\nHost: b\n\n"
  private static let parts = [
    "POST /v2/things?a=1 1.1 Host=a&X-Empty=&Content-Length=9", "body 61.a.62.d.a.a.63.a.d.", "GET /next 1.1 Host=b", "body ",
  ]

  @Test("may be bare line feeds, wherever the network cuts them, with bodies left as they are")
  func everySplit() throws {
    let bytes = Array(Self.bareRequests.utf8)
    for first in 0...bytes.count {
      for second in stride(from: first, through: bytes.count, by: 1) {
        let connection = try TestConnection()
        for piece in [bytes[..<first], bytes[first..<second], bytes[second...]] where !piece.isEmpty {
          connection.receive(piece)
        }
        try #require(connection.parts() == Self.parts, "cut at \(first) and \(second)")
      }
    }
  }

  @Test("may be bare line feeds that come byte by byte")
  func byteByByte() throws {
    let connection = try TestConnection()
    for byte in Self.bareRequests.utf8 { connection.receive(CollectionOfOne(byte)) }
    #expect(connection.parts() == Self.parts)
  }

  @Test("may be mixed as device code mixes them")
  func mixed() throws {
    let connection = try TestConnection()
    connection.receive("\n\r\n\nGET /a HTTP/1.1\nHost: a\r\nB: c\n\r\nGET /b HTTP/1.1\nHost: a\r\n\n")
    #expect(connection.parts() == ["GET /a 1.1 Host=a&B=c", "body ", "GET /b 1.1 Host=a", "body "])
  }

  @Test("pass to the last byte when they are CRLF, whatever the requests hold", arguments: 1...60 as ClosedRange<UInt64>)
  func leavesOrdinaryTraffic(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let requests = (0..<12).map { _ in Self.request(lineEnd: "\r\n", mayChunk: true, using: &random) }
    let traffic = requests.flatMap { $0 }
    let connection = try TestConnection()
    for piece in Self.cut(traffic, using: &random) { connection.receive(piece) }
    #expect(connection.decoded == traffic)
    let separately = try requests.flatMap { request in
      let connection = try TestConnection()
      connection.receive(request)
      return connection.parts()
    }
    #expect(connection.parts() == separately)
  }

  @Test("mean the same bare as CRLF, however the bytes are cut", arguments: 1...60 as ClosedRange<UInt64>)
  func bareMeansTheSame(seed: UInt64) throws {
    let traffics = ["\n", "\r\n"].map { lineEnd in
      var random = SeededGenerator(seed: seed)
      return (0..<12).flatMap { _ in Self.request(lineEnd: lineEnd, mayChunk: false, using: &random) }
    }
    var random = SeededGenerator(seed: seed)
    let bare = try TestConnection()
    for piece in Self.cut(traffics[0], using: &random) { bare.receive(piece) }
    let ordinary = try TestConnection()
    ordinary.receive(traffics[1])
    let parts = bare.parts()
    #expect(parts.count == 24)
    #expect(parts == ordinary.parts())
  }

  @Test(
    "that are lone line feeds in a CRLF head are left alone and refused",
    arguments: [
      "", "GET /before HTTP/1.1\r\nHost: a\r\n\r\n", "POST /before HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\r\n",
      "POST /before HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "GET /before HTTP/1.1\nHost: a\n\n",
    ])
  func refusesMixedHeads(before: String) throws {
    let prefix = Array(before.utf8)
    for hostile in [
      "GET /x HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\n\nGET /y HTTP/1.1\r\n\r\n",
      "GET /x HTTP/1.1\r\nHost: a\r\nX: b\n\r\n\r\n",
    ] {
      let bytes = prefix + Array(hostile.utf8)
      for cut in 1..<bytes.count {
        let connection = try TestConnection()
        connection.receive(bytes[..<cut])
        connection.receive(bytes[cut...])
        let expected = before.isEmpty ? 0 : 2
        try #require(connection.parts().count == expected, "cut at \(cut) of \(hostile.debugDescription)")
        try #require(
          connection.decoded.suffix(hostile.utf8.count).elementsEqual(hostile.utf8) || connection.wire.outputIsClosed)
      }
    }
  }

  @Test("that are bare are refused where nobody asked for leniency", arguments: ["\n", "\r\n"])
  func strict(lineEnd: String) throws {
    for request in ["GET /v2 HTTP/1.1%Host: a%%", "GET /v2 HTTP/1.1\r\nHost: a%%", "GET /v2 HTTP/1.1%Host: a\r\n\r\n"] {
      let connection = try TestConnection(lenient: false)
      let bytes = request.replacing("%", with: lineEnd)
      connection.receive(bytes)
      #expect(connection.decoded == Array(bytes.utf8))
      #expect(connection.parts().count == (lineEnd == "\n" ? 0 : 2))
      #expect(connection.sent().hasPrefix("HTTP/1.1 400 ") == (lineEnd == "\n"))
    }
  }

  @Test("are never invented: a lone carriage return is refused")
  func loneCarriageReturn() throws {
    for hostile in ["GET /x HTTP/1.1\rHost: a\n\n", "GET /x HTTP/1.1\nHost: a\rX: b\n\n", "GET /x HTTP/1.1\nHost: a\n\r\r\n"] {
      let connection = try TestConnection()
      connection.receive(hostile)
      #expect(connection.parts().isEmpty)
      #expect(connection.sent().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    }
  }

  @Test("of hostile bytes never stop the server", arguments: 1...200 as ClosedRange<UInt64>)
  func hostile(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let words =
      ["GET / HTTP/1.1", "POST / HTTP/1.1", "\n", "\n", "\r\n", "\r\n", "\r", "Content-Length: 3", "a", "0", ":", "\0"]
      + [
        "Transfer-Encoding: chunked", "Upgrade: h2c", "Connection: upgrade", "Connection: close", "CONNECT a:1 HTTP/1.1",
        "1\r\na",
      ]
    let traffic = (0..<40).flatMap { _ in Array(words[Int.random(in: 0..<words.count, using: &random)].utf8) }
    let connection = try TestConnection()
    for piece in Self.cut(traffic, using: &random) { connection.receive(piece) }
    connection.advance(.hours(1))
    // What lives on has a whole request that was never answered here.
    #expect(!connection.channel.isActive || connection.parts().contains { $0.hasPrefix("body") })
  }

  private static func request(lineEnd: String, mayChunk: Bool, using random: inout SeededGenerator) -> [UInt8] {
    let body = (0..<Int.random(in: 0...20, using: &random)).map { _ in
      [10, 13, 13, 10, 71, 58][Int.random(in: 0..<6, using: &random)] as UInt8
    }
    let kind = Int.random(in: 0..<3, using: &random)
    var lines = [kind == 0 ? "GET /v2/things HTTP/1.1" : "POST /v2/things HTTP/1.1", "Host: a"]
    for number in 0..<Int.random(in: 0...3, using: &random) { lines.append("X-\(number): \(number)") }
    let chunks = kind == 2 && mayChunk
    if kind > 0 { lines.append(chunks ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)") }
    let head = Array((lines + ["", ""]).joined(separator: lineEnd).utf8)
    let tail = Bool.random(using: &random) ? Array(lineEnd.utf8) : []
    if kind == 0 { return head }
    if !chunks { return head + body + tail }
    let chunk = body.isEmpty ? [] : Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n".utf8)
    return head + chunk + Array("0\r\n\r\n".utf8)
  }

  private static func cut(_ bytes: [UInt8], using random: inout SeededGenerator) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    let longest = [1, 3, 20, 200, 2000][Int.random(in: 0..<5, using: &random)]
    while !rest.isEmpty {
      let length = Int.random(in: 1...longest, using: &random)
      pieces.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return pieces
  }
}
