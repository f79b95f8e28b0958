import APIContract
import Domain
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import HTTPAPI

/// The hot path's own reading of requests, beside that of NIO's decoder.
@Suite struct HotRequestTests {
  static let token = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"
  private static let poll = "/v2/things/\(token)/firmwares/latest"
  private static let image = "/v2/things/\(token)/firmwares/download/Zm9v-_1"
  private static let device = "/DEFAULT/controller/v1/dev-1.a~b_"

  private static func get(_ path: String, _ lines: String...) -> String {
    (["GET \(path) HTTP/1.1", "Host: ota.example.com:8080"] + lines + ["", ""]).joined(separator: "\r\n")
  }

  private static let hot = [
    get(poll), get(poll + "?version=1.0.0"), get(poll + "?mcu=main&version=1.0~b&boot=x_-"),
    get(poll, "Connection: close"), get(poll, "Connection: Keep-Alive", "If-None-Match: \"x\", W/\"y\""),
    get(poll, "User-Agent: ESP8266HTTPClient", "accept: */*", "ACCEPT-ENCODING: identity;q=1,chunked;q=0.1,*;q=0"),
    get(poll, "Accept-Language:de", "Cache-Control:   no-cache", "Pragma: no-cache"),
    get(poll, "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: a", "X-Real-IP: 10.0.0.1"),
    get(image), get(image, "Range: bytes=0-65535", "If-Range: \"sha256:x\""),
    get(device), get(device, "Authorization: TargetToken \(token)", "Accept: application/hal+json"),
    get("/a/controller/v1/b", "Authorization: GatewayToken x").replacing("ota.example.com:8080", with: "[::1]:8080"),
  ]

  private static let cold = [
    get(poll).replacing("GET", with: "HEAD"), get(poll).replacing("GET", with: "get"), "\r\n" + get(poll), " " + get(poll),
    get(poll).replacing("HTTP/1.1", with: "HTTP/1.0"), get(poll).replacing("HTTP/1.1", with: "HTTP/1.1 "),
    get(poll).replacing("\r\n", with: "\n"), get(poll).replacing("\r\n\r\n", with: "\r\n\n"),
    get(poll).replacing("Host: ota.example.com:8080\r\n", with: ""), get(poll).replacing(" HTTP", with: "  HTTP"),
    get(poll).replacing("ota.example.com:8080", with: "a/b"), get(poll).replacing("Host:", with: "Host :"),
    get(poll).replacing("Host: ota.example.com:8080", with: "Host:"),
    get(poll + "/"), get(poll + "?"), get(poll + "?mcu=main"), get(poll + "?version="), get(poll + "?version=1&version=1"),
    get(poll + "?version=1%2E0"), get(poll + "?version=1+0"), get(poll + "?version=1&"), get(poll + "?version=1&explain=true"),
    get(poll + "#a"), get(poll.replacing("/v2/", with: "/v2//")), get(poll.replacing(token, with: String(token.dropLast()))),
    get(poll.replacing(token, with: token + "a")), get(poll.replacing("abc", with: "a%62c")),
    get("http://a" + poll), get(image + "/"), get(image + "?x=1"), get(image + ".bin"),
    get(image.replacing("Zm9v-_1", with: "")),
    get("/controller/v1/b"), get("//controller/v1/b"), get("/a/controller/v2/b"), get("/a/controller/v1/b/c"),
    get("/a/controller/v1/b%20"), get("/a/b/controller/v1/c"), get(poll, "Authorization: Bearer x"),
    get(poll, "Content-Length: 0"), get(poll, "Transfer-Encoding: chunked"), get(poll, "Expect: 100-continue"),
    get(poll, "Upgrade: websocket", "Connection: upgrade"), get(poll, "Origin: https://a"), get(poll, "Cookie: a=b"),
    get(poll, "If-Match: *"), get(poll, "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), get(poll, "X: y"),
    get(poll, "Connection: close, x"), get(poll, "Connection: closed"), get(poll, "Connection: "),
    get(poll, "Accept: a", "Accept: a"), get(poll, "Host: a"), get(poll, "host: ota.example.com:8080"),
    get(poll, "User-Agent: a\r\n b"), get(poll, " User-Agent: a"), get(poll, "User-Agent: a "), get(poll, "User-Agent:\ta"),
    get(poll, "User-Agent: a\tb"), get(poll, "User-Agent: ä"), get(poll, "User-Agent: \u{0}"), get(poll, "User-Agent: \u{7F}"),
    get(poll, "User-Agent"), get(poll, ": a"), get(poll, "User-Agent: \(String(repeating: "a", count: 1024))"),
  ]

  private static func read(_ bytes: [UInt8]) -> HotRequest? { bytes.withUnsafeBytes { HotRequest($0) } }

  @Test func `the paths are those of the endpoints`() {
    #expect(Endpoints.latestFirmwares.literalPieces == ["\(HotRequest.beforeToken)", "\(HotRequest.latest)"])
    #expect(Endpoints.downloadFirmware.literalPieces == ["\(HotRequest.beforeToken)", "\(HotRequest.download)", ""])
    #expect(Endpoints.pollController.literalPieces == ["/", "\(HotRequest.controllers)", ""])
  }

  @Test(arguments: hot) func `a hot request is read whole, and never before its last byte`(text: String) throws {
    let bytes = Array(text.utf8)
    for end in bytes.indices { #expect(Self.read(Array(bytes[..<end])) == nil, "\(end) bytes") }
    let request = try #require(Self.read(bytes))
    #expect(request.length == bytes.count)
    #expect(Self.read(bytes + bytes) == request)
    try Self.compare(request, bytes)
  }

  @Test(arguments: cold) func `whatever else there is is left to the framework`(text: String) {
    #expect(Self.read(Array(text.utf8)) == nil)
    #expect(Self.read(Array((text + Self.get(Self.poll)).utf8)) == nil)
  }

  /// Bytes are compared by several at a time, so that each place of a word has its turn.
  @Test func `each byte of a token, of a name and of a value counts, at each place`() throws {
    let lines = ["User-Agent: seventeen letters", "x-forwarded-PROTO: a", "Accept: b", "Pragma: c", "If-None-Match: d"]
    let text = ([Self.get(Self.poll, "Range: bytes=0-1")] + lines.map { Self.get(Self.poll, $0) })
    for (index, text) in text.enumerated() {
      let bytes = Array(text.utf8)
      let line = index == 0 ? "Range: bytes=0-1" : lines[index - 1]
      let start = try #require(bytes.place(of: Array(line.utf8))).lowerBound
      let name = start..<start + (try #require(line.utf8.firstIndex(of: UInt8(ascii: ":")))).utf16Offset(in: line)
      let token = try #require(bytes.place(of: Array(Self.token.utf8)))
      // A blank at an end is none of a value's.
      let value = name.upperBound + 3..<max(name.upperBound + 3, start + line.utf8.count - 1)
      for place in Array(index == 0 ? token : 0..<0) + Array(name) + Array(value) {
        for byte in UInt8.min...UInt8.max {
          var changed = bytes
          changed[place] = byte
          let isTaken =
            if token.contains(place) { Base64URL.isCharacter(byte) } else if name.contains(place) {
              Character(Unicode.Scalar(byte)).lowercased() == Character(Unicode.Scalar(bytes[place])).lowercased()
            } else { (0x20...0x7E).contains(byte) }
          #expect((Self.read(changed) != nil) == isTaken, "\(byte) at \(place) of \(text.debugDescription)")
        }
      }
    }
  }

  @Test func `a head of just the limit is read, and one byte more is not`() throws {
    let rest = Self.get(Self.poll, "User-Agent: ").utf8.count
    let longest = Self.get(Self.poll, "User-Agent: " + String(repeating: "a", count: HotRequest.longestHead - rest))
    #expect(Self.read(Array(longest.utf8))?.length == HotRequest.longestHead)
    #expect(Self.read(Array(longest.replacing("User-Agent: ", with: "User-Agent:  ").utf8)) == nil)
  }

  /// Whatever the bytes: what is read here is read the same by NIO's decoder, to the last byte and with nothing behind it.
  @Test func `what is claimed of mutated requests is what the decoder reads`() throws {
    var random = SeededGenerator(seed: 5)
    var claimed = 0
    for round in 0..<20_000 {
      var bytes = Array(Self.hot[round % Self.hot.count].utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) { Self.mutate(&bytes, &random) }
      guard let request = Self.read(bytes) else { continue }
      claimed += 1
      try Self.compare(request, Array(bytes[..<request.length]))
    }
    #expect(claimed > 500 && claimed < 19_000, "\(claimed)")
  }

  private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: bytes.indices, using: &random)
    let odd: [UInt8] = [0, 9, 10, 13, 32, 37, 43, 44, 58, 0x7F, 0x80, 0xFF]
    switch Int.random(in: 0..<9, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
    case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
    case 2: bytes.insert(odd.randomElement(using: &random) ?? 0, at: place)
    case 3: bytes.remove(at: place)
    case 4: bytes.removeSubrange(place...)
    case 5: bytes.insert(UInt8.random(in: 0x61...0x7A, using: &random), at: place)
    case 6: if bytes[place] | 0x20 != bytes[place] || (0x61...0x7A).contains(bytes[place]) { bytes[place] ^= 0x20 }
    default:
      // A line once more, or the lines in another order.
      var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
      let line = lines.remove(at: Int.random(in: lines.indices, using: &random))
      lines.insert(line, at: Int.random(in: 0...lines.count, using: &random))
      if Bool.random(using: &random) { lines.insert(line, at: Int.random(in: 0...lines.count, using: &random)) }
      bytes = Array(lines.joined(separator: [10]))
    }
  }

  /// Expects the decoder to read one request without a body of the bytes, and all fields as they were read here.
  private static func compare(_ request: HotRequest, _ bytes: [UInt8]) throws {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
    try channel.writeInbound(ByteBuffer(bytes: bytes))
    let first = try channel.readInbound(as: HTTPServerRequestPart.self)
    let second = try channel.readInbound(as: HTTPServerRequestPart.self)
    let third = try channel.readInbound(as: HTTPServerRequestPart.self)
    _ = try channel.finish(acceptAlreadyClosed: true)
    let text = String(decoding: bytes, as: UTF8.self)
    guard case .head(let head)? = first, case .end(nil)? = second, third == nil else {
      Issue.record("the decoder reads something else: \(text.debugDescription)")
      return
    }
    func value(_ part: ByteSpan) -> [String] {
      part.isEmpty ? [] : [String(decoding: bytes[part.range], as: UTF8.self)]
    }
    #expect(head.method == .GET && head.version == .http1_1 && head.isKeepAlive == !request.closes, "\(text.debugDescription)")
    let fields: [(String, ByteSpan)] = [
      ("host", request.host), ("accept", request.accept), ("authorization", request.authorization),
      ("if-none-match", request.ifNoneMatch), ("range", request.range), ("if-range", request.ifRange),
    ]
    for (name, range) in fields { #expect(head.headers[name] == value(range), "\(name) of \(text.debugDescription)") }
    #expect(head.headers.count == text.utf8.split(separator: 10).count - 2, "\(text.debugDescription)")
    #expect(Set(head.headers.map { $0.name.lowercased() }).count == head.headers.count, "\(text.debugDescription)")
    for name in ["content-length", "transfer-encoding", "upgrade", "expect", "origin"] {
      #expect(!head.headers.contains(name: name))
    }
    let path: String
    switch request.target {
    case .poll(let token, let query):
      path = "/v2/things/\(value(token)[0])/firmwares/latest" + (query.isEmpty ? "" : "?\(value(query)[0])")
    case .download(let token, let firmware): path = "/v2/things/\(value(token)[0])/firmwares/download/\(value(firmware)[0])"
    case .controllerPoll(let tenant, let controller): path = "/\(value(tenant)[0])/controller/v1/\(value(controller)[0])"
    }
    #expect(head.uri == path)
  }
}
