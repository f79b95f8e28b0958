import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct SimulatedClockTests {
  private let start = Timestamp(milliseconds: 1_795_000_000_000)

  private func inFile(_ path: String) throws -> Int64 {
    try #require(Int64(try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  @Test func `it begins now, goes so many times faster, and never passes what its file says`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/simulation.clock"
    let began = ContinuousClock.now
    let clock = try SimulatedClock(file: path, scale: 1000, now: start)
    let failures = Mutex(0)
    clock.run { _ in failures.withLock { $0 += 1 } }
    var last = start
    while last.milliseconds - start.milliseconds < 700_000 {
      let now = clock.now()
      #expect(now >= last)
      last = now
      #expect(try inFile(path) >= now.milliseconds)
      let real = (ContinuousClock.now - began) / .milliseconds(1)
      #expect(Double(now.milliseconds - start.milliseconds) <= real * 1000 + 1000)
    }
    try clock.stop()
    let end = clock.now()
    #expect(end >= last)
    #expect(try inFile(path) == end.milliseconds)
    #expect(failures.withLock { $0 } == 0)
  }

  @Test func `the next one goes on there, after a proper end and without one`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/simulation.clock"
    var last = start
    for round in 0..<6 {
      let clock = try SimulatedClock(file: path, scale: 600, now: start)
      #expect(clock.now() >= last)
      let moment = ContinuousClock.now + .milliseconds(5)
      while ContinuousClock.now < moment { last = max(last, clock.now()) }
      if round.isMultiple(of: 2) { try clock.stop() }
    }
    // What this computer says meanwhile does not matter.
    let later = try SimulatedClock(file: path, scale: 600, now: Timestamp(milliseconds: 1))
    #expect(later.now() >= last)
  }

  @Test func `it stands still where its file cannot be written, and a damaged file is told`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/simulation.clock"
    let clock = try SimulatedClock(file: path, scale: 100_000, now: start)
    try FileManager.default.removeItem(atPath: folder.path)
    let moment = ContinuousClock.now + .milliseconds(500)
    while ContinuousClock.now < moment { #expect(clock.now().milliseconds - start.milliseconds <= 400 * 100_000) }
    #expect(clock.now().milliseconds - start.milliseconds == 400 * 100_000)
    let other = try TemporaryFolder()
    let damaged = try other.write(Data("soon".utf8), to: "simulation.clock")
    #expect(throws: CommandFailure.self) { try SimulatedClock(file: damaged, scale: 600, now: start) }
  }

  @Test func `work that follows it is done as often by it, and at most twenty times a second`() throws {
    let folder = try TemporaryFolder()
    let clock = try SimulatedClock(file: folder.path + "/c", scale: 600, now: start)
    #expect(clock.interval(.seconds(600)) == .seconds(1))
    #expect(clock.interval(.seconds(5)) == .milliseconds(50))
  }
}
