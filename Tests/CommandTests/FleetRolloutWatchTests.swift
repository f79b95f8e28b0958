import APIClient
import APIContract
import Cryptography
import Domain
import Synchronization
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct FleetRolloutWatchTests {
  private func shape(_ id: String, _ state: RolloutState, soak: Int64 = 0, silence: Int64? = nil) -> RolloutShape {
    var plan = RolloutPlan()
    (plan.soak, plan.silence) = (soak, silence)
    return RolloutShape(
      id: id, model: "m", state: state, publication: false, firmwares: [], revertOf: nil,
      plan: RolloutPlanShape(plan, success: "95%", haltAt: "5%"), stages: [], counts: DeliveryCounts([:]), bytesPerSecond: 0,
      haltReason: nil, needs: nil, createdAt: Timestamp(milliseconds: 0), createdBy: "o", startedAt: nil, endedAt: nil,
      approvedBy: nil)
  }

  private struct Outcome {
    let figures: FleetTally.Figures
    let states: [String: RolloutState]
    let words: [String]
    let seconds: Double
  }

  /// Plays 20 things, and watches rollouts that the script answers for.
  private func play(
    starting drafts: [String], watching others: [String] = [], limit: Double? = nil, pollInterval: Double = 300,
    scale: Double = 2000,
    _ script: @escaping ScriptedFleetServer.Script
  ) async throws -> Outcome {
    let image = [UInt8](repeating: 1, count: 100)
    let digest = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: image)))
    let server = ScriptedFleetServer(image: image, digest: digest, script: script)
    var plan = FleetPlan(codes: (0..<20).map { "c\($0)" }, running: ["u": "1.0.0"])
    plan.pollInterval = pollInterval
    let address = try ServerAddress(try await server.start())
    let (figures, states, seconds) = try await ServerConnection.with(address) { [plan] connection in
      let watch = FleetRolloutWatch(OperatorClient(connection, token: "t"), starting: drafts, watching: others)
      let fleet = FleetSimulation(
        client: ThingClient(connection), plan: plan, timeScale: scale, end: .rollouts(watch), limit: limit)
      try await fleet.run()
      return (fleet.tally.now, Dictionary(uniqueKeysWithValues: watch.latest.map { ($0.id, $0.state) }), fleet.world.time.now)
    }
    try await server.stop()
    return Outcome(figures: figures, states: states, words: server.words, seconds: seconds)
  }

  @Test(arguments: [RolloutState.finished, .halted, .cancelled])
  func `a draft is started once all things are there, and watched to its end`(end: RolloutState) async throws {
    let outcome = try await play(starting: ["r"]) { what, count in
      switch what {
      case "POST /api/v1/rollouts/r/start": .json(shape("r", .running))
      case "GET /api/v1/rollouts/r": .json(shape("r", count < 4 ? .running : end))
      default: nil
      }
    }
    #expect(outcome.states == ["r": end])
    #expect(outcome.words.count { $0 == "POST /api/v1/rollouts/r/start" } == 1)
    let start = try #require(outcome.words.firstIndex(of: "POST /api/v1/rollouts/r/start"))
    #expect(outcome.words[..<start].count { $0 == "activate" } == 20)
    #expect(outcome.words[..<start].count { $0.hasPrefix("poll") } >= 20)
    #expect(outcome.figures.activated == 20)
  }

  @Test func `of several all have to come to an end`() async throws {
    let outcome = try await play(starting: ["a"], watching: ["b", "a"]) { what, count in
      switch what {
      case "POST /api/v1/rollouts/a/start": .json(shape("a", .running))
      case "GET /api/v1/rollouts/a": .json(shape("a", .finished))
      // It waits for long by itself, so that a slow machine does not look like the end.
      case "GET /api/v1/rollouts/b": .json(shape("b", count < 6 ? .running : .halted, silence: 1_000_000))
      default: nil
      }
    }
    #expect(outcome.states == ["a": .finished, "b": .halted])
  }

  @Test func `it gives up on one that gets no further, but not before its own times are over`() async throws {
    let outcome = try await play(starting: [], watching: ["r"]) { what, _ in
      what == "GET /api/v1/rollouts/r" ? .json(shape("r", .running, soak: 3000, silence: 7000)) : nil
    }
    #expect(outcome.states == ["r": .running])
    #expect(outcome.seconds > 10_000 + 600)
    #expect(outcome.figures.gaveUp == 0)
  }

  @Test func `it waits for a server that is away, and ends with the time it was given`() async throws {
    let outcome = try await play(starting: ["r"], limit: 8000, scale: 200) { what, count in
      switch what {
      case "POST /api/v1/rollouts/r/start": count < 2 ? .init(body: [1], cutAfter: 0) : .json(shape("r", .running))
      case "GET /api/v1/rollouts/r": .json(shape("r", .running, silence: 1_000_000))
      default: nil
      }
    }
    #expect(outcome.states == ["r": .running])
    #expect(outcome.seconds >= 8000)
    let refused = await #expect(throws: APIClientError.self) { try await play(starting: ["none"]) { _, _ in nil } }
    #expect(refused?.status == 404)
  }
}
