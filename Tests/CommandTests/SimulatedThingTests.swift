import APIClient
import Cryptography
import Domain
import Foundation
import TestSupport
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct SimulatedThingTests {
  private let image: [UInt8] = {
    var generator = SeededGenerator(seed: 7)
    return generator.bytes(5000)
  }()

  private func server(
    retryAfter: Int64? = nil, _ script: @escaping ScriptedFleetServer.Script = { _, _ in nil }
  ) throws -> ScriptedFleetServer {
    let digest = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: image)))
    return ScriptedFleetServer(image: image, digest: digest, retryAfter: retryAfter, script: script)
  }

  /// Plays things until nothing is offered any more.
  private func play(
    _ server: ScriptedFleetServer, scale: Double = 5000, end: FleetSimulation.End = .quiet, limit: Double? = nil,
    _ change: (inout FleetPlan) -> Void = { _ in }
  ) async throws -> FleetTally.Figures {
    var plan = FleetPlan(codes: ["code"], running: ["u": "1.0.0"])
    plan.rangeBytes = 1000
    change(&plan)
    let address = try ServerAddress(try await server.start())
    let tally = try await ServerConnection.with(address) { [plan] connection in
      let fleet = FleetSimulation(
        client: ThingClient(connection), plan: plan, timeScale: scale, end: end, limit: limit)
      try await fleet.run()
      return fleet.tally.now
    }
    try await server.stop()
    return tally
  }

  private let ranges = ["range 0-999", "range 1000-1999", "range 2000-2999", "range 3000-3999", "range 4000-4999"]
  private let told = ["report downloaded", "report installing"]

  @Test func `a thing activates, says what runs, installs, reboots and confirms`() async throws {
    let server = try server()
    let figures = try await play(server)
    #expect(
      server.words == ["activate", "poll 1.0.0 1", "report downloading"] + ranges + told
        + ["report installed", "poll 2.0.0 2", "poll 2.0.0 2"])
    #expect(server.log[1].what == "write")
    #expect((figures.activated, figures.polls, figures.errors, figures.gaveUp) == (1, 3, 0, 0))
    #expect(figures.bytes == 5000)
    #expect(figures.ends == [.confirmed: 1])
  }

  @Test func `one that fails, one that falls back and one that goes silent do what they are for`() async throws {
    let begin = ["activate", "poll 1.0.0 1", "report downloading"] + ranges + told
    var server = try server()
    var figures = try await play(server) { $0.fail = 1 }
    #expect(server.words == begin + ["report failed", "poll 1.0.0 1", "poll 1.0.0 1"])
    #expect(figures.ends == [.failed: 1])

    server = try self.server()
    figures = try await play(server) { $0.rollback = 1 }
    #expect(server.words == begin + ["report installed", "poll 1.0.0 2", "poll 1.0.0 2"])
    #expect(figures.ends == [.rolledBack: 1])

    server = try self.server()
    figures = try await play(server) { $0.silent = 1 }
    #expect(server.words == begin + ["report installed"])
    #expect(figures.ends == [:])
    #expect(figures.silent == 1)
  }

  @Test func `a download that is held goes on at its byte after the time it was told`() async throws {
    let server = try server { what, count in
      what == "range 2000-2999" && count < 2 ? .refusal(503, retryAfter: 600) : nil
    }
    let figures = try await play(server)
    let asked = server.log.filter { $0.what.hasPrefix("range") }
    #expect(asked.map(\.what) == Array(ranges[..<2]) + ["range 2000-2999", "range 2000-2999"] + ranges[2...])
    // 600 simulated seconds each.
    #expect(asked[3].at - asked[2].at >= .milliseconds(120))
    #expect(asked[4].at - asked[3].at >= .milliseconds(120))
    #expect((figures.held, figures.errors) == (2, 0))
    #expect(figures.bytes == 5000)
    #expect(figures.ends == [.confirmed: 1])
  }

  @Test func `a connection that is cut in mid-range costs no byte twice`() async throws {
    let bytes = image
    let server = try server { what, count in
      guard what == "range 1000-1999", count == 0 else { return nil }
      return .init(status: 206, headers: [("ETag", "\"e\"")], body: Array(bytes[1000..<2000]), cutAfter: 400)
    }
    let figures = try await play(server)
    let asked = server.words.filter { $0.hasPrefix("range") }
    #expect(
      asked == ["range 0-999", "range 1000-1999", "range 1400-2399", "range 2400-3399", "range 3400-4399", "range 4400-4999"])
    #expect(figures.bytes == 5000)
    #expect(figures.errors == 1)
    #expect(figures.ends == [.confirmed: 1])
  }

  @Test func `bytes that are not the ones announced are reported, and nothing is installed`() async throws {
    let server = try server { what, _ in
      what == "range 0-999" ? .init(status: 206, body: [UInt8](repeating: 0, count: 1000)) : nil
    }
    let figures = try await play(server)
    #expect(server.words.suffix(3) == ["report failed", "poll 1.0.0 1", "poll 1.0.0 1"])
    #expect(!server.words.contains("report installed"))
    #expect(figures.ends == [.failed: 1])
  }

  @Test(arguments: [429, 503]) func `a poll that is put off comes again when it was told to`(status: Int) async throws {
    let server = try server { what, count in
      what == "poll 1.0.0 1" && count == 0 ? .refusal(status, retryAfter: 1000) : nil
    }
    let figures = try await play(server)
    let polls = server.log.filter { $0.what == "poll 1.0.0 1" }
    #expect(polls.count == 2)
    #expect(polls[1].at - polls[0].at >= .milliseconds(200))
    #expect((figures.held, figures.errors, figures.gaveUp) == (1, 0, 0))
    #expect(figures.ends == [.confirmed: 1])
  }

  @Test func `the interval is the server's where it names one`() async throws {
    let server = try server(retryAfter: 1500)
    _ = try await play(server) { $0.pollInterval = 1 }
    let polls = server.log.filter { $0.what == "poll 2.0.0 2" }
    try #require(polls.count == 2)
    #expect(polls[1].at - polls[0].at >= .milliseconds(300))
  }

  @Test func `an update that is taken back in mid-download is let go`() async throws {
    let server = try server { what, count in
      what == "range 1000-1999" || what == "poll 1.0.0 1" && count > 0 ? .refusal(what == "range 1000-1999" ? 404 : 429) : nil
    }
    let figures = try await play(server, scale: 500, end: .never, limit: 25_000)
    #expect(server.words.filter { $0.hasPrefix("range") } == ["range 0-999", "range 1000-1999"])
    #expect(server.words.count { $0 == "poll 1.0.0 1" } > 1)
    #expect(figures.ends == [:])
  }

  @Test func `what no waiting makes better is given up`() async throws {
    let server = try server { what, _ in what.hasPrefix("poll") ? .refusal(404) : nil }
    let figures = try await play(server)
    #expect((figures.gaveUp, figures.errors) == (1, SimulatedThing.mostRefusals))
    #expect(figures.lastError == "refused as told")
    // And a server that is gone, after the time that a thing waits for it.
    let gone = try self.server { what, _ in what.hasPrefix("poll") ? .init(body: [1], cutAfter: 0) : nil }
    let lost = try await play(gone) { $0.patience = .milliseconds(600) }
    #expect(lost.gaveUp == 1)
  }

  @Test func `many things with one connection all come to their end, each once`() async throws {
    let server = try server()
    let figures = try await play(server) { plan in
      plan.codes = (0..<60).map { "c\($0)" }
      plan.connections = 1
      (plan.fail, plan.rollback, plan.silent) = (0.1, 0.2, 0.3)
      plan.rangeBytes = 5000
    }
    #expect((figures.activated, figures.silent) == (60, 18))
    #expect(figures.ends == [.confirmed: 24, .failed: 6, .rolledBack: 12])
    #expect(figures.bytes == 60 * 5000)
  }

  @Test func `a fleet plays for as long as it is told`() async throws {
    let server = try server()
    let figures = try await play(server, scale: 1000, end: .never, limit: 40_000) { $0.pollInterval = 100 }
    #expect(figures.polls > 1)
    #expect(figures.ends == [.confirmed: 1])
  }
}
