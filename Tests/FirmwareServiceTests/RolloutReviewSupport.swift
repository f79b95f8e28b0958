import Catalog
import Domain
import Testing

@testable import FirmwareService

/// Rollouts in few words. Nothing has to soak, unless a test says so.
extension TestService {
  func order(
    _ firmwares: [Firmware], stages: [RolloutStage.Scope] = [.share(1_000_000)],
    _ change: (inout RolloutPlan) -> Void = { _ in }
  ) -> RolloutOrder {
    var plan = RolloutPlan()
    plan.soak = 0
    change(&plan)
    return RolloutOrder(model: "lamp", firmwares: firmwares.map(\.publicID), version: nil, stages: stages, plan: plan)
  }

  /// Creates and starts a rollout, and counts the things of its first stage.
  func rollOut(
    _ firmwares: Firmware..., stages: [RolloutStage.Scope] = [.share(1_000_000)],
    _ change: (inout RolloutPlan) -> Void = { _ in }
  ) async throws -> Rollout {
    let rollout = try await service.createRollout(order(firmwares, stages: stages, change), by: "op")
    return try await start(rollout)
  }

  func start(_ rollout: Rollout) async throws -> Rollout {
    let started = try await service.changeRollout(rollout.publicID, .start, by: "op")
    try await service.advanceRollouts()
    return started
  }

  func revert(_ rollout: Rollout) async throws -> Rollout {
    let revert = try await service.revertRollout(rollout.publicID, by: "op")
    try await service.advanceRollouts()
    return revert
  }

  /// Lets a thing that runs one version take another, as it is offered to it.
  func update(_ thing: Int64, from before: String, to after: String, mcu: String? = nil) async throws {
    #expect(try await poll(thing, before, mcu: mcu) == [after])
    #expect(try await poll(thing, after, mcu: mcu) == ["=" + after])
  }

  /// Lets an update fail while it is installed.
  func fail(_ thing: Int64, _ version: String, mcu: String? = nil) async throws {
    try await report(thing, version, .installing, mcu: mcu)
    try await report(thing, version, .failed, mcu: mcu)
  }

  func activate(_ count: Int, running version: String) async throws -> [Int64] {
    var things: [Int64] = []
    for _ in 0..<count { things.append(try await activate().id) }
    for thing in things { _ = try await poll(thing, version) }
    return things
  }

  func write(_ key: String, _ value: JSONValue, of thing: Int64) async throws {
    try await service.writeResources([ResourceRecord(key: key, value: value)], of: thing)
  }

  func state(of rollout: Rollout) throws -> RolloutState { try service.rollout(rollout.publicID).state }

  /// How many things of a rollout are where.
  func deliveries(of rollout: Rollout) async throws -> [DeliveryState: Int] {
    let report = try await service.showRollout(rollout.publicID)
    return Dictionary(report.counts.filter { $0.count > 0 }.map { ($0.state, $0.count) }, uniquingKeysWith: +)
  }
}
