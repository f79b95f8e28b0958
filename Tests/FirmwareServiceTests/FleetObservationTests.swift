import Dispatch
import Domain
import Rollouts
import Synchronization
import Testing

@testable import FirmwareService

/// What takes long to work out is worked out while others may change the thing.
@Suite("What the server sees of a thing", .timeLimit(.minutes(10))) struct FleetObservationTests {
  private func world() async throws -> (test: TestService, id: Int64) {
    let test = try await TestService()
    try await test.createModel()
    return (test, try await test.activate().id)
  }

  @Test func `is worked out again where the thing has changed meanwhile, and nothing is lost`() async throws {
    let (test, id) = try await world()
    let (fleet, now) = (test.service.fleet, test.clock.now)
    var seen: [[MCUStanding]] = []
    fleet.observe(try #require(fleet.recall(id)), at: now, if: { true }) { standing in
      seen.append(standing.mcus)
      if seen.count == 1 {
        fleet.observe(id, at: now) { standing in
          standing.set(MCUStanding(mcuID: 7))
          return true
        }
      }
      standing.set(Installation(firmwareID: 9, state: .offered, since: now))
      return true
    }
    #expect(seen == [[], [MCUStanding(mcuID: 7)]])
    let known = try #require(fleet.recall(id)?.standing)
    #expect(known.mcus.map(\.mcuID) == [7] && known.installations.map(\.firmwareID) == [9])
  }

  @Test func `is worked out again until it is admitted, and is nothing where the thing is forgotten meanwhile`() async throws {
    let (test, id) = try await world()
    let (fleet, now) = (test.service.fleet, test.clock.now)
    var (tries, isAdmitted) = (0, [false, false, true])
    fleet.observe(try #require(fleet.recall(id)), at: now, if: { isAdmitted.removeFirst() }) { standing in
      tries += 1
      standing.set(Installation(firmwareID: Int64(tries), state: .offered, since: now))
      return true
    }
    #expect(tries == 3)
    #expect(fleet.recall(id)?.standing.installations.map(\.firmwareID) == [3])
    fleet.observe(try #require(fleet.recall(id)), at: now, if: { true }) { standing in
      tries += 1
      fleet.forget(id)
      standing.set(Installation(firmwareID: 4, state: .offered, since: now))
      return true
    }
    #expect(tries == 4 && fleet.recall(id) == nil)
  }

  @Test func `lets no more things begin than may download at a time, however many ask at once`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("2.0", sequence: 2, publish: false)
    let tokens = try await withThrowingTaskGroup(of: ThingToken.self) { group in
      for _ in 0..<24 { group.addTask { try await test.activate().token } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for token in tokens { #expect(test.quickPoll(token)?.firmwares.isEmpty == true) }
    // Again and again: two of them have to come to the last place at the same moment.
    for round in 0..<40 {
      let most = 8 + round % 7
      let rollout = try await test.rollOut(firmware) { plan in
        (plan.silence, plan.haltAt, plan.concurrent) = (nil, nil, most)
      }
      let offered = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: tokens.count) { index in
        guard let known = test.quickPoll(tokens[index]) else { return }
        offered.add(known.firmwares.count { $0.isUpdate }, ordering: .relaxed)
      }
      #expect(offered.load(ordering: .relaxed) == most)
      #expect(try await test.deliveries(of: rollout)[.offered] == most)
      _ = try await test.service.changeRollout(rollout.publicID, .cancel, by: "op")
    }
  }
}
