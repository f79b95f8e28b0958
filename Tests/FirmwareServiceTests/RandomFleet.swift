import Catalog
import Domain
import Rollouts
import TestSupport
import Testing

@testable import FirmwareService

/// A small random fleet on the real service, and the same fleet in the naive model: each poll has to give the same.
struct RandomFleet {
  let test: TestService
  let model: Model
  var random: SeededGenerator
  var things: [NaiveThing] = []
  private var tokens: [ThingToken] = []
  /// What each thing said on its last poll.
  private var said: [Int: (mcu: MCU, version: String)] = [:]
  /// The stages whose things the model has counted.
  private var counted: Set<[Int64]> = []
  /// How often what came: a run that saw nothing would prove nothing.
  var seen: [String: Int] = [:]
  var log: [String] = []

  init(_ test: TestService, number: Int, seed: UInt64) async throws {
    (self.test, random) = (test, SeededGenerator(seed: seed))
    let mcus = Int.random(in: 0..<3, using: &random) == 0 ? ["main", "radio"] : ["main"]
    let name = "model\(number)"
    model = try await test.service.createModel(
      name: name, mcus: mcus, numericVersions: false, confirmWithin: 7200, by: "op"
    ).model
    try await registerFirmwares(number)
    for code in try await test.service.createCodes(for: name, count: Int.random(in: 2...5, using: &random), by: "op") {
      let token = try await test.service.activateThing(code: code.code)
      tokens.append(token)
      let id = try await test.service.identifyThing(token.secret)
      let publicID = try #require(try await test.service.fleet.standing(of: id)).publicID
      things.append(NaiveThing(id: id, publicID: publicID, model: model))
    }
  }

  private mutating func registerFirmwares(_ number: Int) async throws {
    let requires = [nil, nil, nil, "mcu.main.version>=2.0.0", "tag==beta"]
    var sequence: Int64 = 0
    for mcu in model.mcus {
      for version in ["1.0.0", "2.0.0", "3.0.0", "build-a"] {
        sequence += 1
        let new = NewFirmware(
          publicID: "f\(number)-\(mcu.name)-\(version)", mcuID: mcu.id, version: FirmwareVersion(version)!, sequence: sequence,
          digest: ImageDigest(bytes: Array(repeating: 7, count: 32))!, size: 1000, keyID: "k", envelope: [], format: "raw",
          formatDetails: [:], createdAt: test.clock.now,
          requires: version == "3.0.0" ? requires.randomElement(using: &random)! : nil)
        let audit = AuditEntry(at: test.clock.now, actor: "op", action: "register", subject: version)
        _ = try await test.catalog.register(new, publishing: nil, at: test.clock.now, audit: audit)
      }
    }
    try await test.service.reloadReleases()
  }

  /// As they are now: published, withdrawn.
  private var firmwares: [Firmware] { test.service.releases.snapshot.firmwares.filter { $0.modelID == model.id } }

  private var rollouts: [Rollout] { test.service.releases.snapshot.rollouts.filter { $0.modelID == model.id } }

  private var rules: NaiveRules { NaiveRules(model: model, firmwares: firmwares, rollouts: rollouts, now: test.clock.now) }

  // MARK: Events

  /// - Returns: false where the service has answered otherwise than the model.
  mutating func step() async throws -> Bool {
    let index = Int.random(in: things.indices, using: &random)
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<42: return try await poll(index)
    case 42..<59: try await report(index)
    case 59..<62: try await claim(index)
    case 62..<67: try await fetch(index)
    case 67..<74: try await changeFacts(index)
    case 74..<80:
      test.clock.advance(seconds: [60, 3600, 3600, 18_000].randomElement(using: &random)!)
      log.append("time \(test.clock.now.iso8601)")
    case 80..<83:
      try await test.service.expireConfirmations()
      let rules = rules
      for index in things.indices { rules.expires(&things[index]) }
      log.append("expire")
    case 83..<90: try await advance()
    case 90..<92:
      log.append("retry \(index)")
      try await test.service.retryThing(things[index].publicID, mcu: nil, by: "op")
      for (id, record) in things[index].records
      where [.failed, .rejected, .rolledBack, .installed].contains(record.state) {
        things[index].records[id] = nil
        things[index].present = things[index].present.filter { $0.value != id }
      }
    case 92..<93:
      // What memory has is read anew.
      try await test.service.flushSightings()
      test.service.fleet.forget(things[index].id)
      log.append("forget \(index)")
    default: try await operate()
    }
    for rollout in rollouts { seen["\(rollout.state)", default: 0] += 1 }
    if rollouts.contains(where: { $0.revertOf != nil }) { seen["revert", default: 0] += 1 }
    return true
  }

  private mutating func poll(_ index: Int) async throws -> Bool {
    let rules = rules
    // Few are ahead of all rollouts: nothing would be offered to them any more.
    let versions = Array(repeating: "1.0.0", count: 12) + ["2.0.0", "2.0.0", "3.0.0", "build-a", "0.9.0", "9.9.9", "factory"]
    var says: (mcu: MCU, version: String)?
    if Int.random(in: 0..<4, using: &random) > 0 {
      let mcu = model.mcus.randomElement(using: &random)!
      says = (mcu, versions.randomElement(using: &random)!)
      // Most things run what they ran, or what they have just installed.
      let present = things[index].present[mcu.id].flatMap { id -> Int64? in
        let state = things[index].records[id]?.state
        return state == .offered || state == .installed ? id : nil
      }
      if let present, Bool.random(using: &random) {
        says!.version = rules.firmware(present).version.text
      } else if let runs = things[index].running[mcu.id], Int.random(in: 0..<4, using: &random) > 0 {
        says!.version = runs
      }
    }
    // A thing that repeats itself may be answered from memory.
    if let before = said[index], Int.random(in: 0..<3, using: &random) > 0 { says = before }
    said[index] = says
    things[index].seenAt = test.clock.now
    if let says { rules.runs(says.version, on: says.mcu.id, &things[index]) }
    guard let answer = try await answer(index, says?.version, says?.mcu.name) else { return false }
    // What the thing says may halt a rollout before it is answered.
    let expected = self.rules.poll(&things[index])
    log.append("poll \(index) \(says?.mcu.name ?? "") \(says?.version ?? "-"): \(answer), the model \(expected)")
    for line in answer { seen[line.hasPrefix("=") ? "current" : "update", default: 0] += 1 }
    if answer.isEmpty { seen["nothing", default: 0] += 1 }
    return answer == expected
  }

  /// The answer to a poll by one of both ways; nil where what was remembered is not what is decided anew.
  private mutating func answer(_ index: Int, _ version: String?, _ mcu: String?) async throws -> [String]? {
    let token = tokens[index]
    let isQuick = Bool.random(using: &random)
    let remembered = isQuick ? test.recall(token, version, mcu: mcu) : nil
    let decided = isQuick ? test.decide(token, version, mcu: mcu) : nil
    if let remembered {
      seen["remembered", default: 0] += 1
      guard remembered.shared === decided?.shared, remembered.retryAfter == decided?.retryAfter else {
        log.append("remembered by \(index): \(TestService.lines(remembered.firmwares)), decided: \(decided as Any)")
        return nil
      }
    }
    if let decided { return TestService.lines(decided.firmwares) }
    return try await test.poll(things[index].id, version, mcu: mcu)
  }

  private mutating func report(_ index: Int) async throws {
    guard let id = things[index].records.keys.sorted().randomElement(using: &random) else { return }
    let firmware = rules.firmware(id)
    let likely: [ReportedStatus] = [.downloaded, .installing, .installed, .installed, .failed]
    let status = (Bool.random(using: &random) ? likely : ReportedStatus.allCases).randomElement(using: &random)!
    things[index].seenAt = test.clock.now
    log.append("report \(index) \(firmware.mcu) \(firmware.version) \(status)")
    rules.reports(status, on: id, &things[index])
    try await test.report(things[index].id, firmware.version.text, status, mcu: firmware.mcu)
  }

  private mutating func claim(_ index: Int) async throws {
    let records = things[index].records
    let present = things[index].present.values.filter { records[$0] != nil }.sorted()
    guard let id = (Bool.random(using: &random) ? present : records.keys.sorted()).randomElement(using: &random) else { return }
    things[index].seenAt = test.clock.now
    log.append("claim \(index) \(rules.firmware(id).mcu) \(rules.firmware(id).version)")
    rules.claims(id, &things[index])
    if things[index].parts.values.contains(where: { $0.state == .claimed }) { seen["claimed", default: 0] += 1 }
    try await test.claim(rules.firmware(id), by: things[index].id)
  }

  private mutating func fetch(_ index: Int) async throws {
    guard let id = things[index].records.keys.sorted().randomElement(using: &random) else { return }
    let all = Bool.random(using: &random)
    things[index].seenAt = test.clock.now
    log.append("fetch \(index) \(rules.firmware(id).version) \(all)")
    rules.fetches(id, all: all, &things[index])
    // As the way to a download brings it into memory.
    _ = try await test.service.fleet.standing(of: things[index].id)
    test.service.note(all ? .downloaded : .downloading, of: rules.firmware(id), on: things[index].id)
  }

  private mutating func changeFacts(_ index: Int) async throws {
    if Bool.random(using: &random) {
      let tag = ["beta", "canary"].randomElement(using: &random)!
      log.append("tag \(index) \(tag)")
      if things[index].tags.remove(tag) != nil {
        try await test.service.removeTag(tag, of: things[index].id)
      } else {
        _ = try await test.service.addTags([tag], to: things[index].id)
        things[index].tags.insert(tag)
      }
      return
    }
    let (key, value) = (["zone", "mode"].randomElement(using: &random)!, ["a", "b"].randomElement(using: &random)!)
    things[index].seenAt = test.clock.now
    log.append("write \(index) \(key) \(value)")
    try await test.service.writeResources([ResourceRecord(key: key, value: .string(value))], of: things[index].id)
    things[index].values[key] = value
  }

  mutating func advance() async throws {
    let open = rollouts.filter { $0.state == .running || $0.state == .finished }
    try await test.service.advanceRollouts()
    let rules = rules
    for index in things.indices { rules.falls(silent: &things[index], in: open) }
    for rollout in rollouts {
      for (place, stage) in rollout.stages.enumerated()
      where stage.countedAt != nil && counted.insert([rollout.id, Int64(place)]).inserted {
        seen["stage", default: 0] += 1
        for index in things.indices { rules.count(rollout, stage: place, &things[index]) }
      }
    }
    log.append("advance: \(rollouts.map { "\($0.id) \($0.state) \($0.newestStage ?? -1)" })")
  }

  private mutating func operate() async throws {
    let rollout = rollouts.randomElement(using: &random)
    let action = Int.random(in: 0..<14, using: &random)
    log.append("operate \(action) on \(rollout?.id ?? 0)")
    do {
      switch action {
      case 0..<4: if rollouts.count < 6 { try await create() }
      case 4: _ = try await publish(firmwares.randomElement(using: &random)!, Bool.random(using: &random))
      case 5, 6: if let rollout { _ = try await test.service.changeRollout(rollout.publicID, .pause, by: "op") }
      case 7..<10: if let rollout { _ = try await test.service.changeRollout(rollout.publicID, .resume, by: "op") }
      case 10:
        if let rollout {
          let action = Bool.random(using: &random) ? RolloutAction.cancel : .pause
          _ = try await test.service.changeRollout(rollout.publicID, action, by: "op")
        }
      default:
        // Of those that have brought something to somebody, most often.
        let begun = rollouts.filter { rollout in
          rollout.revertOf == nil && things.contains { $0.parts[rollout.id]?.previous.isEmpty == false }
        }
        if let rollout = begun.randomElement(using: &random) ?? rollout {
          _ = try await test.service.revertRollout(rollout.publicID, by: "op")
          log.append("reverted \(rollout.id)")
        }
      }
    } catch let error as ServiceError where error.code == .wrongState {
      log.append("refused")
    }
  }

  private func publish(_ firmware: Firmware, _ isPublished: Bool) async throws {
    _ = try await test.service.setPublication(of: firmware.publicID, isPublished, by: "op")
  }

  mutating func create() async throws {
    var plan = RolloutPlan()
    let targets = [nil, nil, nil, nil, nil, nil, "tag==beta", "resource.zone==a", "mcu.main.version==1.0.0"]
    plan.target = targets.randomElement(using: &random)!
    plan.gate = [nil, nil, nil, nil, nil, "resource.mode==a", "tag==canary"].randomElement(using: &random)!
    plan.windows = [[], [], [], [], [], ["08:00-16:00"], ["00:00-06:00", "20:00-23:00"]].randomElement(using: &random)!
    plan.priority = [0, 0, 5].randomElement(using: &random)!
    plan.attempts = Int.random(in: 1...3, using: &random)
    (plan.soak, plan.silence, plan.minSample) = (0, nil, Int.random(in: 1...3, using: &random))
    plan.haltAt = [nil, 0.5, 0.3, 0].randomElement(using: &random)!
    plan.success = [0, 0.5, 1].randomElement(using: &random)!
    let stages: [RolloutStage.Scope] = [
      [.share(1_000_000)], [.share(400_000), .share(1_000_000)], [.tag("canary"), .share(500_000), .share(1_000_000)],
      [.tag("beta")],
    ].randomElement(using: &random)!
    var ids: [String] = []
    for mcu in model.mcus.shuffled(using: &random) where ids.isEmpty || Bool.random(using: &random) {
      let newer = firmwares.filter { $0.mcuID == mcu.id && $0.version.text != "1.0.0" }
      ids.append(newer.randomElement(using: &random)!.publicID)
    }
    let order = RolloutOrder(model: model.name, firmwares: ids, version: nil, stages: stages, plan: plan)
    let rollout = try await test.service.createRollout(order, by: "op")
    log.append("rollout \(rollout.id): \(ids) \(stages) \(plan)")
    _ = try await test.service.changeRollout(rollout.publicID, .start, by: "op")
  }

  // MARK: The end

  /// Where each thing is in each rollout, by the model and by the catalog.
  func parts() async throws -> (model: Set<String>, catalog: Set<String>) {
    try await test.service.flushSightings()
    var (known, stored): (Set<String>, Set<String>) = ([], [])
    for thing in things {
      for (id, part) in thing.parts {
        let previous = part.previous.sorted { $0.key < $1.key }.map { RolloutItem(mcuID: $0.key, firmwareID: $0.value) }
        known.insert("\(thing.id) in \(id): \(part.stage) \(part.state) \(previous)")
      }
    }
    for rollout in rollouts {
      for listed in try await test.catalog.deliveries(of: rollout.id, state: nil, after: nil, limit: 100) {
        let state: NaiveThing.Part.State =
          switch listed.delivery.state {
          case .waiting: .waiting
          case .offered, .downloading: .early
          case .downloaded, .installing, .installed: .late
          case .confirmed: .confirmed
          case .claimed: .claimed
          case .silent: .silent
          case .failed, .rejected, .rolledBack: .failed
          }
        let previous = listed.delivery.previous.sorted { $0.mcuID < $1.mcuID }
        stored.insert("\(listed.thingID) in \(rollout.id): \(listed.delivery.stage) \(state) \(previous)")
      }
    }
    return (known, stored)
  }

  /// Nothing of it costs the fleets after it any time.
  func end() async throws {
    for rollout in rollouts where rollout.state != .cancelled {
      _ = try await test.service.changeRollout(rollout.publicID, .cancel, by: "op")
    }
  }
}
