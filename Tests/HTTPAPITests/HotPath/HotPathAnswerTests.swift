import Domain
import FirmwareService
import Foundation
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

/// What the hot path answers is, byte for byte, what the framework's pipeline answers, and what it does not answer it hands on
/// whole and in order.
@Suite(.timeLimit(.minutes(10))) struct HotPathAnswerTests {
  private struct Exchange {
    let name: String
    let text: String
    /// Whether the hot path answers it alone.
    var isHot = true
  }

  /// In which form the bytes go over the network.
  enum Wire: CaseIterable { case plain, encrypted }

  private static let poll = "/v2/things/TOKEN/firmwares/latest"
  private static let image = "/v2/things/TOKEN/firmwares/download/FIRMWARE"
  private static let device = "/DEFAULT/controller/v1/DEVICE"
  private static let nobody = String(repeating: "t", count: ThingToken.length)

  private static func get(_ path: String, _ headers: [String] = [], ending: Bool = true) -> String {
    (["GET \(path) HTTP/1.1", "Host: a"] + headers + (ending ? ["Connection: close"] : []) + ["", ""]).joined(separator: "\r\n")
  }

  private static func ask(_ headers: [String] = [], _ credentials: String = "TargetToken TOKEN") -> String {
    get(device, ["Authorization: \(credentials)"] + headers)
  }

  private static let polls: [Exchange] = [
    Exchange(name: "a poll", text: get(poll)), Exchange(name: "two", text: get(poll, ending: false) + get(poll)),
    Exchange(name: "that says what runs", text: get(poll + "?mcu=main&version=1.0.0")),
    Exchange(name: "with a boot", text: get(poll + "?version=1.0.0&boot=7")),
    Exchange(name: "with a tag", text: get(poll, ["If-None-Match: \"x\""])),
    Exchange(name: "with any tag", text: get(poll, ["If-None-Match: *"])),
    Exchange(name: "with a tag that is none", text: get(poll, ["If-None-Match: x"])),
    Exchange(
      name: "with much else", text: get(poll, ["user-agent: x (y)", "ACCEPT: */*", "Pragma: no-cache", "Range: bytes=0-1"])),
    Exchange(name: "of an MCU that there is not", text: get(poll + "?mcu=none&version=1.0.0"), isHot: false),
    Exchange(name: "by nobody", text: get(poll.replacing("TOKEN", with: nobody)), isHot: false),
    Exchange(name: "by a short token", text: get(poll.replacing("TOKEN", with: "short")), isHot: false),
    Exchange(name: "by HTTP/1.0", text: get(poll).replacing("HTTP/1.1", with: "HTTP/1.0"), isHot: false),
    Exchange(name: "with bare line feeds", text: get(poll).replacing("\r\n", with: "\n"), isHot: false),
    Exchange(name: "without a host", text: get(poll).replacing("Host: a\r\n", with: ""), isHot: false),
    Exchange(name: "with two hosts", text: get(poll, ["Host: a"]), isHot: false),
    Exchange(name: "folded", text: get(poll, ["Accept: a,", " b"]), isHot: false),
    Exchange(name: "with a NUL", text: get(poll, ["Accept: a\u{0}"]), isHot: false),
    Exchange(name: "with a body", text: get(poll, ["Content-Length: 3"]) + "abc", isHot: false),
    Exchange(name: "in chunks", text: get(poll, ["Transfer-Encoding: chunked"]) + "0\r\n\r\n", isHot: false),
    Exchange(name: "long", text: get(poll, ["User-Agent: \(String(repeating: "a", count: 2000))"]), isHot: false),
    Exchange(name: "of another origin", text: get(poll, ["Origin: https://a"]), isHot: false),
    Exchange(name: "explained", text: get(poll + "?explain=true"), isHot: false),
    Exchange(name: "and no HTTP", text: get(poll, ending: false) + "NONSENSE\r\n\r\n", isHot: false),
    Exchange(name: "and a line too many", text: get(poll, ending: false) + "\r\n" + get(poll), isHot: false),
    Exchange(name: "that is the last, and one more", text: get(poll) + get(poll), isHot: false),
    Exchange(
      name: "around a request for the router",
      text: get(poll, ending: false) + get("/v2/date", ending: false) + get(poll, ending: false) + get(poll), isHot: false),
  ]

  private static let downloads: [Exchange] = [
    Exchange(name: "an image", text: get(image)), Exchange(name: "a range", text: get(image, ["Range: bytes=1-2"])),
    Exchange(name: "a range past the end", text: get(image, ["Range: bytes=1-99999999"])),
    Exchange(name: "the rest", text: get(image, ["Range: bytes=2-"])),
    Exchange(name: "the end", text: get(image, ["Range: bytes=-2"])),
    Exchange(name: "in capitals", text: get(image, ["Range: BYTES=0-0"])),
    Exchange(name: "with blanks", text: get(image, ["Range: bytes = 0-1"])),
    Exchange(name: "backwards", text: get(image, ["Range: bytes=2-1"])),
    Exchange(name: "long numbers", text: get(image, ["Range: bytes=00000000000000000001-2"])),
    Exchange(name: "no range", text: get(image, ["Range: bytes=99999999-"])),
    Exchange(name: "no range, both said", text: get(image, ["Range: bytes=99999999-99999999"])),
    Exchange(name: "another unit", text: get(image, ["Range: lines=0-1"])),
    Exchange(name: "of what it is", text: get(image, ["Range: bytes=0-1", "If-Range: \"sha256:DIGEST\""])),
    Exchange(name: "of what it was", text: get(image, ["Range: bytes=0-1", "If-Range: \"other\""])),
    Exchange(name: "what is there", text: get(image, ["If-None-Match: \"sha256:DIGEST\""])),
    Exchange(name: "what is there, whatever", text: get(image, ["If-None-Match: *"])),
    Exchange(name: "what is not there", text: get(image, ["If-None-Match: \"other\""])),
    Exchange(
      name: "ranges and polls",
      text: get(image, ["Range: bytes=1-2"], ending: false) + get(poll, ending: false) + get(image, ending: false) + get(poll)),
    Exchange(name: "nothing", text: get("/v2/things/TOKEN/firmwares/download/none"), isHot: false),
    Exchange(name: "by nobody", text: get(image.replacing("TOKEN", with: nobody)), isHot: false),
    Exchange(name: "by HEAD", text: get(image).replacing("GET", with: "HEAD"), isHot: false),
    Exchange(name: "since then", text: get(image, ["If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT"]), isHot: false),
    Exchange(name: "what was", text: get(image, ["If-Match: \"other\""]), isHot: false),
  ]

  private static let controllerPolls: [Exchange] = [
    Exchange(name: "a device", text: ask()), Exchange(name: "by the gateway", text: ask([], "gatewaytoken GATEWAY")),
    Exchange(name: "for JSON", text: ask(["Accept: application/json"])),
    Exchange(name: "with any tag", text: ask(["If-None-Match: *"])),
    Exchange(name: "of a tenant", text: ask().replacing("DEFAULT", with: "acme")),
    Exchange(name: "for CBOR", text: ask(["Accept: application/cbor"]), isHot: false),
    Exchange(name: "a wrong token", text: ask([], "TargetToken x"), isHot: false),
    Exchange(name: "no token", text: get(device), isHot: false),
  ]

  /// A store with a thing that has an update, and a device.
  private struct Fleet {
    let test: TestService
    let words: [(String, String)]
    /// Nil where nothing is encrypted.
    let secured: SecuredListener?

    init(image: [UInt8], _ wire: Wire = .plain) async throws {
      secured = wire == .plain ? nil : try SecuredListener()
      test = try await TestService()
      try await test.createModel()
      let token = try await test.activate()
      _ = try await test.release("1.0.0", [1, 2, 3])
      let firmware = try await test.release("1.1.0", image, sequence: 2)
      let gateway = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").token
      let thing = try await test.newestThing()
      words = [
        ("TOKEN", token), ("FIRMWARE", firmware.publicID), ("DIGEST", firmware.digest.hex), ("GATEWAY", gateway),
        ("DEVICE", thing),
      ]
    }

    func filled(_ text: String) -> [UInt8] {
      Array(words.reduce(text) { $0.replacing($1.0, with: $1.1) }.utf8)
    }

    /// What each of the requests is answered on a connection of its own, with another date.
    func answers(by path: AnswerPath, _ requests: [[UInt8]]) async throws -> [[UInt8]] {
      try await answers(by: path, inPieces: requests.map { [$0] })
    }

    /// The same for requests that are sent a piece at a time.
    func answers(by path: AnswerPath, inPieces requests: [[[UInt8]]]) async throws -> [[UInt8]] {
      try await ListenerRun.during(test.application(path).connections, tls: secured?.identity) { port in
        var answers: [[UInt8]] = []
        for pieces in requests {
          let connection: any ByteClient =
            if let secured { try await secured.connect(port) } else { try WireClient(port: port) }
          for piece in pieces { connection.send(piece) }
          answers.append(Self.undated(try await connection.readToEnd()))
        }
        return answers
      }
    }

    private static func undated(_ answer: [UInt8]) -> [UInt8] {
      var rest = answer[...]
      var undated: [UInt8] = []
      while let date = rest.place(of: Array("\r\nDate: ".utf8)) {
        undated += rest[..<date.upperBound]
        rest = rest[date.upperBound...].drop { $0 != 13 }
      }
      return undated + rest
    }
  }

  private static func expectTheSame(_ exchanges: [Exchange], _ fleet: Fleet) async throws {
    let requests = exchanges.map { fleet.filled($0.text) }
    // Once for what a first request changes: an offer, what runs.
    _ = try await fleet.answers(by: .routerOnly, requests)
    let routed = try await fleet.answers(by: .routerOnly, requests)
    let both = try await fleet.answers(by: .both, requests)
    let behindDecoder = try await fleet.answers(by: .withoutHotPath, requests)
    let hot = exchanges.indices.filter { exchanges[$0].isHot }
    let alone = try await fleet.answers(by: .hotPathOnly, hot.map { requests[$0] })
    for (index, exchange) in exchanges.enumerated() {
      #expect(both[index] == routed[index], "\(exchange.name): \(String(decoding: both[index].prefix(2000), as: UTF8.self))")
      #expect(behindDecoder[index] == routed[index], "\(exchange.name), without the hot path")
      #expect(both[index].starts(with: "HTTP/1.1 ".utf8), "\(exchange.name)")
    }
    for (index, answer) in zip(hot, alone) { #expect(answer == routed[index], "\(exchanges[index].name), alone") }
  }

  @Test(arguments: Wire.allCases) func `polls are answered the same`(wire: Wire) async throws {
    try await Self.expectTheSame(Self.polls, Fleet(image: [4, 5, 6], wire))
  }

  @Test(arguments: [3, 1 << 18, 3 << 19], Wire.allCases)
  func `downloads are answered the same, from memory and from the disk`(size: Int, wire: Wire) async throws {
    try await Self.expectTheSame(Self.downloads, Fleet(image: imageBytes(size), wire))
  }

  @Test func `a range of several parts is answered by the router`() async throws {
    let fleet = try await Fleet(image: [4, 5, 6])
    let answer = try await fleet.answers(by: .both, [fleet.filled(Self.get(Self.image, ["Range: bytes=0-0,2-2"]))])[0]
    #expect(String(decoding: answer, as: UTF8.self).contains("multipart/byteranges"))
  }

  @Test(arguments: Wire.allCases) func `devices of DDI are answered the same`(wire: Wire) async throws {
    let fleet = try await Fleet(image: [4, 5, 6], wire)
    let (gateway, device) = (fleet.words[3].1, fleet.words[4].1)
    let session = try await fleet.test.service.identifyController(device, .gateway(gateway))
    _ = try await fleet.test.service.pollController(session)
    try await Self.expectTheSame(Self.controllerPolls, fleet)
  }

  @Test func `cut anywhere it is the same answers`() async throws {
    let fleet = try await Fleet(image: [4, 5, 6])
    let text =
      Self.get(Self.poll, ending: false) + Self.get(Self.image, ["Range: bytes=1-1"], ending: false)
      + Self.get(Self.poll + "?version=1.0.0")
    let request = fleet.filled(text)
    _ = try await fleet.answers(by: .routerOnly, [request])
    let whole = try await fleet.answers(by: .routerOnly, [request])
    let cut = (1..<request.count).map { [Array(request[..<$0]), Array(request[$0...])] }
    let answers = try await fleet.answers(by: .both, inPieces: cut)
    for (pieces, answer) in zip(cut, answers) { try #require(answer == whole[0], "cut at \(pieces[0].count)") }
  }

  /// The thing is read from the catalog, and the image from the disk, while the request waits.
  @Test func `what memory does not have is waited for`() async throws {
    let image = imageBytes(70_000)
    for request in [Self.get(Self.poll), Self.get(Self.poll + "?version=1.0.0&boot=1"), Self.get(Self.image)] {
      let fleet = try await Fleet(image: image)
      let answer = try await fleet.answers(by: .hotPathOnly, [fleet.filled(request)])[0]
      #expect(answer.starts(with: "HTTP/1.1 200 OK\r\n".utf8))
      #expect(String(decoding: answer.prefix(2000), as: UTF8.self).contains("Connection: close\r\n"))
    }
  }

  /// What a poll says is on the disk before it is answered, and what is asked behind it comes behind it.
  @Test func `a poll with news is written down, and those behind it wait`() async throws {
    let fleet = try await Fleet(image: [4, 5, 6])
    let text = Self.get(Self.poll + "?version=1.0.0", ending: false) + Self.get(Self.poll, ending: false) + Self.get(Self.image)
    let answer = try await fleet.answers(by: .hotPathOnly, [fleet.filled(text)])[0]
    #expect(String(decoding: answer, as: UTF8.self).components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 4)
    #expect(answer.suffix(3) == [4, 5, 6])
    let again = try await fleet.test.restarted()
    let thing = try await again.identifyThing(fleet.words[0].1)
    let offers = try await again.offerFirmware(to: thing, running: nil)
    #expect(offers.firmwares.map(\.firmware.version.text) == ["1.1.0"])
    let shown = try await again.showThing(fleet.words[4].1)
    #expect(shown.mcus.map { $0.standing?.running } == ["1.0.0"])
  }

  /// Who asks and does not take the answers is not listened to; who takes them late gets all. From memory, and from the disk.
  @Test(arguments: [1 << 20, 3 << 20]) func `answers that nobody takes do not pile up`(size: Int) async throws {
    let image = imageBytes(size)
    let fleet = try await Fleet(image: image)
    let request = String(decoding: fleet.filled(Self.get(Self.image, ending: false)), as: UTF8.self)
    let last = fleet.filled(Self.get(Self.image))
    try await fleet.test.application(.hotPathOnly).test(.live) { client in
      let flooding = try WireClient(port: client.port, receiveBuffer: 4096)
      #expect(flooding.flood(request, upTo: 64 << 20) < 64 << 20)
      flooding.reset()
      let late = try WireClient(port: client.port, receiveBuffer: 4096)
      late.send(Array(String(repeating: request, count: 5).utf8) + last)
      var rest = try await late.readToEnd()[...]
      for _ in 0..<6 {
        let end = try #require(rest.place(of: Array("\r\n\r\n".utf8))).upperBound
        try #require(rest.count >= end - rest.startIndex + image.count)
        #expect(Array(rest[end..<(end + image.count)]) == image)
        rest = rest[(end + image.count)...]
      }
      #expect(rest.isEmpty)
    }
  }

  @Test func `who says nothing, at first or any more, is closed without a word`() async throws {
    var limits = ConnectionLimits()
    limits.idleTimeout = .milliseconds(200)
    let test = try await TestService(limits: limits)
    try await test.createModel()
    let poll = Self.get(Self.poll, ending: false).replacing("TOKEN", with: try await test.activate())
    let (silent, asked) = try await test.application(.hotPathOnly).test(.live) { client in
      let silent = try WireClient(port: client.port)
      let asking = try WireClient(port: client.port)
      asking.send(poll)
      return (try await silent.readToEnd(), try await asking.readToEnd())
    }
    #expect(silent.isEmpty)
    #expect(asked.isEmpty || asked.starts(with: "HTTP/1.1 200 OK\r\n".utf8))
  }

  /// A client that closes its side after its requests still gets the answers.
  @Test func `half a connection is answered`() async throws {
    let fleet = try await Fleet(image: imageBytes(3 << 19))
    let polls = fleet.filled(Self.get(Self.poll, ending: false) + Self.get(Self.poll, ending: false))
    let download = fleet.filled(Self.get(Self.image, ending: false))
    let (twice, image) = try await fleet.test.application(.hotPathOnly).test(.live) { client in
      let first = try WireClient(port: client.port)
      first.send(polls)
      first.finish()
      let second = try WireClient(port: client.port)
      second.send(download)
      second.finish()
      return (try await first.readToEnd(), try await second.readToEnd())
    }
    #expect(String(decoding: twice, as: UTF8.self).components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 3)
    #expect(image.suffix(3 << 19) == imageBytes(3 << 19)[...])
  }

  /// Bytes behind its last request would reset a connection that was closed at once, and take the image with it.
  @Test(arguments: [1 << 18, 3 << 20]) func `the last image comes whole, whatever the client sends behind it`(
    size: Int
  ) async throws {
    let fleet = try await Fleet(image: imageBytes(size))
    let request = fleet.filled(Self.get(Self.image))
    for _ in 0..<5 {
      let answer = try await fleet.test.application(.hotPathOnly).test(.live) { client in
        let connection = try WireClient(port: client.port)
        connection.send(request)
        let head = try await connection.read(through: "\r\n\r\n")
        connection.send("\r\nGET / HTTP/1.1\r\n")
        return (head, try await connection.readToEnd())
      }
      #expect(answer.0.contains("\r\nConnection: close\r\n"))
      let isWhole = answer.1 == imageBytes(size)
      #expect(isWhole, "\(answer.1.count) bytes of \(size)")
    }
  }
}
