import FirmwareService
import Foundation
import LiveChannels
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Connections that are encrypted: what is answered from their bytes beside a certificate, their streams, and their end.
@Suite(.timeLimit(.minutes(10))) struct SecuredConnectionTests {
  /// A thing, its token, and its name on both doors.
  private struct Fleet {
    let test: TestService
    let token: String
    let device: String

    init() async throws {
      test = try await TestService()
      try await test.createModel()
      token = try await test.activate()
      device = try await test.newestThing()
    }

    var poll: String { "/v2/things/\(token)/firmwares/latest" }
    var controllerPoll: String { "/DEFAULT/controller/v1/\(device)" }

    /// Gives the thing its name on the DDI door, as a gateway does.
    func nameDevice() async throws {
      let gateway = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").token
      _ = try await test.service.pollController(try await test.service.identifyController(device, .gateway(gateway)))
    }

    /// The statuses of requests on one connection.
    func statuses(
      by path: AnswerPath, showing own: CertificatePair?, to server: SecuredListener, _ targets: String...
    ) async throws -> [Int] {
      try await ListenerRun.during(test.application(path).connections, tls: server.identity) { port in
        let client = try await server.connect(port, showing: own)
        for target in targets.dropLast() { client.get(target) }
        client.get(targets.last ?? "/", ["Connection: close"])
        let answer = String(decoding: try await client.readToEnd(), as: UTF8.self)
        return answer.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
      }
    }
  }

  /// - Returns: a certificate, and what believes it.
  private static func certificate(_ name: String) throws -> (CertificatePair, SecuredListener) {
    let own = try CertificatePair(for: "DNS:device", commonName: name)
    return (own, try SecuredListener(deviceCA: own.certificate))
  }

  @Test func `who shows no certificate is answered from the bytes, also where one is asked for`() async throws {
    let fleet = try await Fleet()
    let server = try Self.certificate("other").1
    #expect(try await fleet.statuses(by: .hotPathOnly, showing: nil, to: server, fleet.poll, fleet.poll) == [200, 200])
  }

  @Test func `a device is answered from the bytes by its certificate alone`() async throws {
    let fleet = try await Fleet()
    try await fleet.nameDevice()
    let (own, server) = try Self.certificate(fleet.device)
    let poll = fleet.controllerPoll
    #expect(try await fleet.statuses(by: .hotPathOnly, showing: own, to: server, poll, poll) == [200, 200])
    #expect(try await fleet.statuses(by: .both, showing: nil, to: server, poll) == [401])
    let (other, otherServer) = try Self.certificate("other")
    #expect(try await fleet.statuses(by: .both, showing: other, to: otherServer, poll) == [401])
  }

  @Test func `a thing's token beside its own certificate, or one that is no thing's, is answered from the bytes`()
    async throws
  {
    let fleet = try await Fleet()
    for name in [fleet.device, "nobody"] {
      let (own, server) = try Self.certificate(name)
      let seen = try await fleet.statuses(by: .hotPathOnly, showing: own, to: server, fleet.poll, fleet.poll)
      #expect(seen == [200, 200], "\(name)")
    }
  }

  /// The router compares a token with the certificate beside it, by whichever way the request would be answered otherwise.
  @Test(arguments: [AnswerPath.both, .withoutHotPath, .routerOnly])
  func `a thing's token is compared with the certificate beside it`(path: AnswerPath) async throws {
    let fleet = try await Fleet()
    let stranger = try await fleet.test.activate()
    let strangers = fleet.poll.replacing(fleet.token, with: stranger)
    for target in [fleet.poll, strangers] {
      // In memory, so that nothing but the certificate is asked for.
      let server = try SecuredListener()
      #expect(try await fleet.statuses(by: .both, showing: nil, to: server, target) == [200])
    }
    let (own, server) = try Self.certificate(fleet.device)
    let seen = try await fleet.statuses(by: path, showing: own, to: server, fleet.poll, fleet.poll, strangers, fleet.poll)
    #expect(seen == [200, 200, 403, 200])
    let (unknown, other) = try Self.certificate("nobody")
    #expect(try await fleet.statuses(by: path, showing: unknown, to: other, fleet.poll, strangers) == [200, 200])
  }

  @Test func `messages of a stream are encrypted`() async throws {
    let fleet = try await Fleet()
    let thing = try await fleet.test.service.identifyThing(fleet.token)
    let (live, server) = (fleet.test.service.live, try SecuredListener())
    try await ListenerRun.during(fleet.test.application().connections, tls: server.identity) { port in
      let client = try await server.connect(port)
      client.get("/v2/things/\(fleet.token)", ["Accept: text/event-stream"])
      #expect(try await client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
      _ = try await client.read(through: "subscribed\"}\n\n\r\n")
      for number in 1...20 {
        live.publish([(.thing(thing), Array("[\(number)]".utf8))])
        #expect(try await client.read(through: "\n\n\r\n").contains("data: [\(number)]"))
      }
    }
    #expect(live.subscriptionCount == 0)
  }

  @Test func `frames of a WebSocket are encrypted`() async throws {
    let fleet = try await Fleet()
    let thing = try await fleet.test.service.identifyThing(fleet.token)
    let (live, server) = (fleet.test.service.live, try SecuredListener())
    try await ListenerRun.during(fleet.test.application().connections, tls: server.identity) { port in
      let client = try await server.connect(port)
      // Behind a request that was answered from its bytes.
      client.get(fleet.poll)
      client.get("/v2/things/\(fleet.token)", WebSocketTests.handshake)
      #expect(try await client.read(through: "}").hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(try await client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
      let first = WebSocketTests.text(StreamTests.subscribed)
      #expect(try await client.read(first.count) == first)
      for number in 1...20 {
        live.publish([(.thing(thing), Array("[\(number)]".utf8))])
        let wanted = WebSocketTests.text("[\(number)]")
        #expect(try await client.read(wanted.count) == wanted)
        client.send(WebSocketTests.frame(9, [UInt8(number)]))
        #expect(try await client.read(3) == [0x8A, 1, UInt8(number)])
      }
    }
    #expect(live.subscriptionCount == 0)
  }

  /// Those that are idle, those that have not finished the handshake, and a stream: no deadline comes before the test is over.
  @Test func `nothing that is open holds up the end`() async throws {
    let fleet = try await Fleet()
    let server = try SecuredListener()
    let run = try await ListenerRun.start(fleet.test.application().connections, tls: server.identity)
    let (silent, half) = (try WireClient(port: run.port), try WireClient(port: run.port))
    half.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
    var clients: [SecureWireClient] = []
    for target in [fleet.poll, "/v2/utils/date", "/v2/things/\(fleet.token)"] {
      let client = try await server.connect(run.port)
      client.get(target)
      #expect(try await client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
      clients.append(client)
    }
    await run.stop()
    try await run.ended()
    for client in clients { _ = try await client.readToEnd() }
    #expect(try await silent.readToEnd().isEmpty)
    _ = try await half.readToEnd()
    #expect(fleet.test.service.live.subscriptionCount == 0)
  }
}
