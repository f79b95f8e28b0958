import Catalog
import Domain
import Testing

@testable import FirmwareService

/// What went wrong once, of what things are offered.
@Suite("Rollouts, reviewed: offers") struct RolloutReviewTests {
  // MARK: Reverts

  @Test func `a revert does not take back what has moved on to a newer rollout, even when that one ends`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate().id
    #expect(try await test.poll(thing, "1.0") == ["=1.0"])
    let rollout = try await test.rollOut(second)
    try await test.update(thing, from: "1.0", to: "2.0")
    let revert = try await test.revert(rollout)
    try await test.update(thing, from: "2.0", to: "1.0")
    try await test.service.advanceRollouts()
    #expect(try test.state(of: revert) == .finished)
    let newer = try await test.rollOut(try await test.release("3.0", sequence: 3, publish: false))
    try await test.update(thing, from: "1.0", to: "3.0")
    try await test.service.advanceRollouts()
    _ = try await test.service.changeRollout(newer.publicID, .cancel, by: "op")
    #expect(try await test.poll(thing, "3.0") == ["=3.0"])
  }

  @Test(arguments: [false, true])
  func `a revert does not take back what runs something newer of another rollout`(isPaused: Bool) async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1, publish: false)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let third = try await test.release("3.0", sequence: 3, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second)
    try await test.update(thing, from: "1.0", to: "2.0")
    _ = try await test.rollOut(third)
    try await test.update(thing, from: "2.0", to: "3.0")
    let revert = try await test.revert(rollout)
    if isPaused { _ = try await test.service.changeRollout(revert.publicID, .pause, by: "op") }
    #expect(try await test.poll(thing, "3.0") == ["=3.0"])
  }

  @Test func `a paused revert does not hold a thing that has gone from it to something newer`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1, publish: false)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second)
    try await test.update(thing, from: "1.0", to: "2.0")
    let revert = try await test.revert(rollout)
    try await test.update(thing, from: "2.0", to: "1.0")
    _ = try await test.rollOut(try await test.release("3.0", sequence: 3, publish: false))
    try await test.update(thing, from: "1.0", to: "3.0")
    _ = try await test.service.changeRollout(revert.publicID, .pause, by: "op")
    _ = try await test.rollOut(try await test.release("4.0", sequence: 4, publish: false))
    #expect(try await test.poll(thing, "3.0") == ["4.0"])
  }

  @Test func `a revert of two MCUs does not wait for one that has moved on`() async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    var sequence: Int64 = 0
    var firmwares: [String: Firmware] = [:]
    for mcu in ["main", "radio"] {
      for version in ["1.0", "2.0", "3.0"] {
        sequence += 1
        firmwares["\(mcu) \(version)"] = try await test.release(
          "\(version)-\(mcu)", mcu: mcu, sequence: sequence, publish: false)
      }
    }
    let thing = try await test.activate().id
    _ = try await test.poll(thing, "1.0-radio", mcu: "radio")
    _ = try await test.poll(thing, "1.0-main", mcu: "main")
    let rollout = try await test.rollOut(firmwares["radio 2.0"]!, firmwares["main 2.0"]!)
    #expect(try await test.poll(thing) == ["=1.0-main", "2.0-radio"])
    #expect(try await test.poll(thing, "2.0-radio", mcu: "radio") == ["2.0-main", "=2.0-radio"])
    _ = try await test.poll(thing, "2.0-main", mcu: "main")
    _ = try await test.rollOut(firmwares["radio 3.0"]!)
    #expect(try await test.poll(thing) == ["=2.0-main", "3.0-radio"])
    #expect(try await test.poll(thing, "3.0-radio", mcu: "radio") == ["=2.0-main", "=3.0-radio"])
    _ = try await test.revert(rollout)
    #expect(try await test.poll(thing) == ["1.0-main", "=3.0-radio"])
  }

  @Test func `a revert reaches everyone whom the rollout has reached, whatever its stages were`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1, publish: false)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let things = try await test.activate(60, running: "1.0")
    let rollout = try await test.rollOut(second, stages: [.share(200_000)])
    var reached: [Int64] = []
    for thing in things where try await test.poll(thing, "1.0") == ["2.0"] {
      reached.append(thing)
      _ = try await test.poll(thing, "2.0")
    }
    #expect((1..<40).contains(reached.count))
    let revert = try await test.revert(rollout)
    var back: Set<Int64> = []
    for _ in 0..<3 {
      for thing in reached where try await test.poll(thing) == ["1.0"] {
        back.insert(thing)
        _ = try await test.poll(thing, "1.0")
      }
      try await test.service.advanceRollouts()
    }
    #expect(back == Set(reached))
    #expect(try test.state(of: revert) == .finished)
    #expect(try await test.deliveries(of: revert) == [.confirmed: reached.count])
  }

  @Test func `after a revert newer rollouts are offered, also those that were created before it`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1, publish: false)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let third = try await test.release("3.0", sequence: 3, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second)
    try await test.update(thing, from: "1.0", to: "2.0")
    let draft = try await test.service.createRollout(test.order([third]), by: "op")
    _ = try await test.revert(rollout)
    try await test.update(thing, from: "2.0", to: "1.0")
    _ = try await test.start(draft)
    try await test.update(thing, from: "1.0", to: "3.0")
  }

  @Test func `no thing goes to and fro while a revert is paused and resumed`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1, publish: false)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let third = try await test.release("3.0", sequence: 3, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(third)
    try await test.update(thing, from: "1.0", to: "3.0")
    _ = try await test.service.setPublication(of: second.publicID, true, by: "op")
    let revert = try await test.revert(rollout)
    #expect(try await test.poll(thing, "3.0") == ["1.0"])
    #expect(try await test.poll(thing, "1.0") == ["2.0"], "newer than what it runs, and not what it was taken back from")
    for action in [RolloutAction.pause, .resume] {
      _ = try await test.service.changeRollout(revert.publicID, action, by: "op")
      #expect(try await test.poll(thing, "2.0") == ["=2.0"], "\(action)")
    }
  }

  @Test func `nobody is given again what it was just taken back from`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1, publish: false)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let other = try await test.service.createRollout(test.order([second]), by: "op")
    let rollout = try await test.rollOut(second)
    try await test.update(thing, from: "1.0", to: "2.0")
    let revert = try await test.revert(rollout)
    try await test.update(thing, from: "2.0", to: "1.0")
    _ = try await test.start(other)
    for action in [nil, RolloutAction.pause, .resume] {
      if let action { _ = try await test.service.changeRollout(revert.publicID, action, by: "op") }
      #expect(try await test.poll(thing, "1.0") == ["=1.0"])
    }
    _ = try await test.rollOut(second)
    #expect(try await test.poll(thing, "1.0") == ["2.0"], "a rollout after the revert means it")
  }

  @Test func `where no thing is known to have run anything of ours before, a revert is refused`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "factory")[0]
    let rollout = try await test.rollOut(second)
    try await test.update(thing, from: "factory", to: "2.0")
    await expectRefusal(.wrongState) { _ = try await test.service.revertRollout(rollout.publicID, by: "op") }
    #expect(try [.running, .finished].contains(test.state(of: rollout)))
  }

  @Test func `what was offered a moment ago can be reverted`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1, publish: false)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second)
    #expect(try await test.poll(thing) == ["2.0"])
    _ = try await test.revert(rollout)
    #expect(try await test.poll(thing, "2.0") == ["1.0"])
  }

  @Test func `withdrawn firmware is not brought back by a revert`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let first = try await test.release("1.0", sequence: 1)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second)
    try await test.update(thing, from: "1.0", to: "2.0")
    _ = try await test.revert(rollout)
    _ = try await test.service.setPublication(of: first.publicID, false, by: "op")
    #expect(try await test.poll(thing, "2.0") == ["=2.0"])
  }

  // MARK: Which goes first

  @Test func `a set with a high sequence on one MCU does not hide newer firmware of another`() async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    let main = try await test.release("1.0", mcu: "main", sequence: 1, publish: false)
    let radio = try await test.release("9.0", mcu: "radio", sequence: 9, publish: false)
    let thing = try await test.activate().id
    _ = try await test.rollOut(main, radio)
    _ = try await test.poll(thing, "1.0", mcu: "main")
    #expect(try await test.poll(thing, "9.0", mcu: "radio") == ["=1.0", "=9.0"])
    _ = try await test.rollOut(try await test.release("2.0", mcu: "main", sequence: 2, publish: false))
    #expect(try await test.poll(thing, "1.0", mcu: "main") == ["2.0", "=9.0"])
  }

  @Test func `a finished rollout of a high priority does not hold things at what it brought`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second) { $0.priority = 1 }
    try await test.update(thing, from: "1.0", to: "2.0")
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .finished)
    try await test.release("3.0", sequence: 3)
    #expect(try await test.poll(thing, "2.0") == ["3.0"])
  }
}
