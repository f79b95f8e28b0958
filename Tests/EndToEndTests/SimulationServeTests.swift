import Domain
import Foundation
import TestSupport
import Testing

/// A service on a simulated clock: the real program.
@Suite(.serialized) struct SimulationServeTests {
  private static let simulated = ["--simulation", "--time-scale", "1000"]

  /// What the service's clock says.
  private func time(_ server: RunningServer) async throws -> Timestamp {
    let answer = try await server.exchange("GET", "/v2/utils/date")
    return try #require(answer.json?[0]?["value"]?.text.flatMap { Timestamp(iso8601: $0) })
  }

  @Test func theClockRunsFasterAndSaysSo() async throws {
    try await withServer(Self.simulated) { server in
      let real = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
      let began = ContinuousClock.now
      let first = try await time(server)
      #expect(first.milliseconds > real.milliseconds - 60_000)
      try await eventually("an hour passes") { try await time(server) > first.adding(seconds: 3600) }
      #expect(ContinuousClock.now - began > .seconds(3))
      #expect(server.log.contains("the clock is simulated"))
      // What is written bears that time, too.
      _ = try await EngineersDesk(server, model: "m", mcus: ["u"])
      let model = try await server.operate("GET", "/api/v1/models/m")
      let createdAt = try #require(model.json?["createdAt"]?.text.flatMap { Timestamp(iso8601: $0) })
      #expect(createdAt > first.adding(seconds: 3600))
    }
  }

  @Test(arguments: [1, 2] as [UInt64]) func itNeverGoesBackWhateverEndsTheServer(seed: UInt64) async throws {
    var numbers = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    var server = try await RunningServer.start(store: folder.path + "/store", arguments: Self.simulated)
    var last = Timestamp(milliseconds: 0)
    for round in 0..<6 {
      for _ in 0..<Int.random(in: 1...120, using: &numbers) {
        let now = try await time(server)
        #expect(now >= last, "round \(round)")
        last = now
      }
      if round % 3 == 2 { #expect(await server.terminate() == 0) } else { await server.killNow() }
      server = try await server.restarted()
    }
    #expect(try await time(server) >= last)
    // It does not leap, either: what is lost is the part that lay ahead in the file.
    let began = last
    #expect(try await time(server) < began.adding(seconds: 60_000))
    try await expectSoundAndStop(server)
  }

  @Test func whatMustNotBeMixedIsRefused() async throws {
    let folder = try TemporaryFolder()
    let store = folder.path + "/store"
    let cases: [(arguments: [String], environment: [String: String], says: String)] = [
      (["--time-scale", "600"], [:], "--simulation"), ([], ["FIRMAMENT_TIME_SCALE": "600"], "--simulation"),
      (["--simulation", "--time-scale", "0"], [:], "timeScale"),
      (["--simulation", "--time-scale", "100001"], [:], "timeScale"),
      (["--simulation"], ["FIRMAMENT_TIME_SCALE": "fast"], "timeScale"),
      ([], ["FIRMAMENT_SIMULATION": "perhaps"], "simulation"),
    ]
    for (arguments, environment, says) in cases {
      let result = try await Program.run(
        Program.firmament, ["serve", "--port", "0", "--store", store] + arguments, environment: environment)
      expectOneLine(result, says)
    }
    #expect(!FileManager.default.fileExists(atPath: store))
    let simulated = try await RunningServer.start(
      store: store, environment: ["FIRMAMENT_SIMULATION": "true", "FIRMAMENT_TIME_SCALE": "100"])
    #expect(simulated.log.contains("timeScale=100"))
    #expect(await simulated.terminate() == 0)
    expectOneLine(try await Program.run(Program.firmament, ["serve", "--port", "0", "--store", store]), "--simulation")
    let again = try await RunningServer.start(store: store, arguments: ["--simulation"])
    try await expectSoundAndStop(again)
  }
}
