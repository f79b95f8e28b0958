import APIClient
import APIContract
import Domain

extension SimulatedThing {
  /// Polls, once for each MCU of which the server does not know yet what it runs, else once.
  mutating func poll(_ world: SimulatedWorld) async throws -> Double {
    let mcu = unsaid.first ?? running.keys.min()
    let version = mcu.flatMap { running[$0] }
    let answer = try await world.client.latest(token: token, mcu: mcu, version: version, boot: version.map { _ in "\(boot)" })
    world.tally.note { $0.polls += 1 }
    if !unsaid.isEmpty { unsaid.removeFirst() }
    if !unsaid.isEmpty { return 0 }
    begin(world)
    guard case .firmwares(let firmwares, _, let retryAfter) = answer else { return about(world.plan.pollInterval) }
    let offer = firmwares.filter(\.update).min { $0.mcu < $1.mcu }
    settleQuiet(offer == nil, world)
    if let offer {
      phase = .downloading(SimulatedDownload(offer))
      messages = [.report(offer, .downloading, code: nil)]
      pause = 0
      return 0
    }
    let wait = retryAfter.map { atLeast(Double($0)) } ?? about(world.plan.pollInterval)
    world.tally.note { $0.longestWait = max($0.longestWait, wait) }
    if senses.move() {
      messages = [.resources]
      pause = wait
      return 0
    }
    return wait
  }

  /// What counts as soon as the server knows what runs.
  private mutating func begin(_ world: SimulatedWorld) {
    if !hasBegun { world.tally.note { $0.began += 1 } }
    hasBegun = true
    if let settling { settle(settling.end, settling.version, world) }
    settling = nil
  }

  private mutating func settle(_ end: InstallationState, _ version: String, _ world: SimulatedWorld) {
    if let settled, settled == (end, version) { return }
    settled = (end, version)
    world.tally.settled(end, version)
  }

  private mutating func settleQuiet(_ isQuiet: Bool, _ world: SimulatedWorld) {
    let before = quiet >= Self.quietPolls
    quiet = isQuiet ? quiet + 1 : 0
    let after = quiet >= Self.quietPolls
    if before != after { world.tally.note { $0.quiet += after ? 1 : -1 } }
  }

  /// Fetches the next range.
  mutating func fetch(_ download: SimulatedDownload, _ world: SimulatedWorld) async throws -> Double {
    var download = download
    do {
      defer { phase = .downloading(download) }
      try await download.fetch(world, token: token)
    } catch let error as APIClientError where [403, 404, 410].contains(error.status) {
      // It may not have it any more.
      phase = .idle
      return about(world.plan.pollInterval)
    }
    guard download.isComplete else { return 0 }
    let firmware = download.firmware
    guard download.isSound else {
      phase = .idle
      messages = [.report(firmware, .failed, code: "digest")]
      pause = about(world.plan.pollInterval)
      settle(.failed, firmware.version, world)
      return 0
    }
    phase = .installing(firmware)
    messages = [.report(firmware, .downloaded, code: nil), .report(firmware, .installing, code: nil)]
    pause = between(world.plan.installTimes)
    return 0
  }

  mutating func install(_ firmware: LatestFirmware, _ world: SimulatedWorld) -> Double {
    switch fate {
    case .fails(let code):
      phase = .idle
      messages = [.report(firmware, .failed, code: code)]
      pause = about(world.plan.pollInterval)
      settle(.failed, firmware.version, world)
    case .goesSilent:
      phase = .silent
      messages = [.report(firmware, .installed, code: nil)]
    case .succeeds, .rollsBack:
      phase = .restarting(firmware)
      messages = [.report(firmware, .installed, code: nil)]
      pause = between(world.plan.rebootTimes)
    }
    return 0
  }

  /// It is up again, and the next poll says what runs.
  mutating func restart(_ firmware: LatestFirmware) -> Double {
    boot += 1
    if fate == .rollsBack {
      // With what the factory put there, where nothing else is known.
      running[firmware.mcu] = running[firmware.mcu] ?? "factory"
      settling = (.rolledBack, firmware.version)
    } else {
      running[firmware.mcu] = firmware.version
      settling = (.confirmed, firmware.version)
    }
    unsaid = running.keys.sorted()
    phase = .idle
    return 0
  }

  mutating func send(_ message: Message, _ world: SimulatedWorld) async throws {
    switch message {
    case .report(let firmware, let status, let code):
      try await world.client.report(
        token: token, mcu: firmware.mcu, version: firmware.version, status: status,
        message: code.map { "Simulated: \($0)." }, code: code, boot: "\(boot)")
    case .resources: try await world.client.write(token: token, senses.values)
    }
  }
}
