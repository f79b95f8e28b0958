import Domain

/// The rules of rollouts once more, slow and plain: what a thing may have, and what becomes of it. It shares nothing with the
/// engine but the nouns and the reading of expressions.
struct NaiveRules {
  let model: Model
  let firmwares: [Firmware]
  /// As the operators and the counters have left them.
  let rollouts: [Rollout]
  let now: Timestamp

  func firmware(_ id: Int64) -> Firmware { firmwares.first { $0.id == id }! }
  func rollout(_ id: Int64) -> Rollout { rollouts.first { $0.id == id }! }
  private func registered(_ mcu: Int64, _ version: String?) -> Firmware? {
    firmwares.first { $0.mcuID == mcu && $0.version.text == version }
  }

  // MARK: Polls

  /// One answer to a poll, as `TestService.poll` writes it, and what it does to the thing.
  func poll(_ thing: inout NaiveThing) -> [String] {
    var lines: [String] = []
    for mcu in model.mcus {
      switch decide(&thing, mcu.id) {
      case .offer(let firmware, let rollout):
        lines.append(firmware.version.text)
        offer(firmware, rollout, &thing)
      case .hold(let rollout):
        if let stage = thing.parts[rollout.id]?.stage ?? stage(of: thing, rollout) {
          var part = thing.parts[rollout.id] ?? .init(stage: stage, state: .waiting)
          if part.state == .early { part.state = .waiting }
          thing.parts[rollout.id] = part
        }
        fallthrough
      case .nothing: if let runs = registered(mcu.id, thing.running[mcu.id]) { lines.append("=" + runs.version.text) }
      }
    }
    follow(&thing)
    return lines
  }

  private enum Decision {
    case offer(Firmware, Rollout)
    /// It only has to wait.
    case hold(Rollout)
    case nothing
  }

  private func decide(_ thing: inout NaiveThing, _ mcu: Int64) -> Decision {
    var asked = rollouts.filter { $0.state == .running || $0.state == .finished || $0.state == .paused || $0.state == .halted }
    asked.sort { left, right in
      if left.plan.priority != right.plan.priority { return left.plan.priority > right.plan.priority }
      if (left.revertOf != nil) != (right.revertOf != nil) { return left.revertOf != nil }
      let sequences = [left, right].map { brought(by: $0, for: mcu)?.sequence ?? 0 }
      return sequences[0] != sequences[1] ? sequences[0] > sequences[1] : left.id > right.id
    }
    for rollout in asked {
      guard let firmware = brings(rollout, to: thing).first(where: { $0.mcuID == mcu }) else { continue }
      let runs = thing.running[mcu] == firmware.version.text
      let part = thing.parts[rollout.id]
      if firmware.isWithdrawn && !runs {
        if part?.state == .waiting { thing.parts[rollout.id] = nil }
        continue
      }
      if rollout.revertOf != nil, !runs, !isStillOnReverted(thing, mcu, rollout) {
        if part?.state == .waiting { thing.parts[rollout.id] = nil }
        continue
      }
      if rollout.state == .halted { continue }
      if rollout.state == .paused {
        if part == nil { continue }
        return .hold(rollout)
      }
      let isBound = part != nil && part!.state != .waiting
      if !isBound && !thing.holds(rollout.plan.target) {
        thing.parts[rollout.id] = nil
        continue
      }
      guard let stage = part?.stage ?? stage(of: thing, rollout), rollout.stages[stage].openedAt != nil else { continue }
      if rollout.revertOf == nil, !runs, !thing.holds(firmware.requires) { continue }
      if runs {
        if rollout.state == .finished || rollout.revertOf != nil { continue }
        return .nothing
      }
      if rollout.revertOf == nil, isOlder(firmware, than: thing.running[mcu]) { continue }
      let isTakenBack = asked.contains { revert in
        guard let reverted = revert.revertOf, revert.id > rollout.id else { return false }
        return brought(by: self.rollout(reverted), for: mcu)?.id == firmware.id
          && thing.parts[reverted]?.previous[mcu] != nil
      }
      if isTakenBack { continue }
      if let record = thing.records[firmware.id] {
        if record.state == .installed { return .nothing }
        let hasNoTryLeft = record.state == .failed && record.failures >= rollout.plan.attempts
        if hasNoTryLeft || record.state == .rejected || record.state == .rolledBack {
          if part?.state == .waiting { thing.parts[rollout.id] = nil }
          return .nothing
        }
      }
      for earlier in brings(rollout, to: thing) {
        if earlier.id == firmware.id { break }
        if thing.running[earlier.mcuID] == earlier.version.text { continue }
        if rollout.revertOf == nil, isOlder(earlier, than: thing.running[earlier.mcuID]) { continue }
        if rollout.revertOf != nil, !isStillOnReverted(thing, earlier.mcuID, rollout) { continue }
        return .nothing
      }
      if !thing.holds(rollout.plan.gate) { return .hold(rollout) }
      if !rollout.plan.windows.isEmpty, !rollout.plan.windows.contains(where: isIn) { return .hold(rollout) }
      return .offer(firmware, rollout)
    }
    return .nothing
  }

  private func offer(_ firmware: Firmware, _ rollout: Rollout, _ thing: inout NaiveThing) {
    switch thing.records[firmware.id]?.state {
    case nil, .confirmed, .claimed: thing.records[firmware.id] = .init(state: .offered, rollout: rollout.id)
    case .failed: thing.records[firmware.id]!.state = .offered
    default: break
    }
    thing.records[firmware.id]!.rollout = rollout.id
    thing.present[firmware.mcuID] = firmware.id
    var part = thing.parts[rollout.id] ?? .init(stage: stage(of: thing, rollout)!, state: .waiting)
    if part.previous[firmware.mcuID] == nil {
      part.previous[firmware.mcuID] = registered(firmware.mcuID, thing.running[firmware.mcuID])?.id
    }
    if [.waiting, .confirmed, .claimed, .silent].contains(part.state) { part.state = .early }
    thing.parts[rollout.id] = part
    // What went before takes it from all others that have nothing on it yet.
    let before = thing
    for (id, part) in before.parts where id != rollout.id && (part.state == .waiting || part.state == .early) {
      if brings(self.rollout(id), to: before).contains(where: { $0.mcuID == firmware.mcuID }) { thing.parts[id] = nil }
    }
  }

  // MARK: Membership

  /// What a rollout that reverts none has for an MCU.
  private func brought(by rollout: Rollout, for mcu: Int64) -> Firmware? {
    rollout.items.first { $0.mcuID == mcu }.map { firmware($0.firmwareID) }
  }

  /// Whether an MCU runs just what the reverted rollout brought, and has it from that.
  private func isStillOnReverted(_ thing: NaiveThing, _ mcu: Int64, _ revert: Rollout) -> Bool {
    guard let brought = brought(by: rollout(revert.revertOf!), for: mcu), runsReverted(thing, mcu, revert) else { return false }
    return thing.records[brought.id]?.rollout == revert.revertOf
  }

  private func runsReverted(_ thing: NaiveThing, _ mcu: Int64, _ revert: Rollout) -> Bool {
    brought(by: rollout(revert.revertOf!), for: mcu)?.version.text == thing.running[mcu]
  }

  /// Whether an MCU runs what the rollout no longer would change.
  private func hasMovedOn(_ thing: NaiveThing, from firmware: Firmware, _ rollout: Rollout) -> Bool {
    if rollout.revertOf != nil {
      return thing.running[firmware.mcuID] != nil && !isStillOnReverted(thing, firmware.mcuID, rollout)
    }
    return isOlder(firmware, than: thing.running[firmware.mcuID])
  }

  /// In the order in which the thing is to get them.
  private func brings(_ rollout: Rollout, to thing: NaiveThing) -> [Firmware] {
    guard let reverted = rollout.revertOf else { return rollout.items.map { firmware($0.firmwareID) } }
    return (thing.parts[reverted]?.previous ?? [:]).sorted { $0.key < $1.key }.map { firmware($0.value) }
  }

  private func stage(of thing: NaiveThing, _ rollout: Rollout) -> Int? {
    for (place, stage) in rollout.stages.enumerated() {
      switch stage.scope {
      case .tag(let tag): if thing.tags.contains(tag) { return place }
      case .share(let share): if RolloutShare.place(of: thing.publicID, in: rollout.publicID) < share { return place }
      }
    }
    return nil
  }

  /// A stage is counted: whoever belongs to it and is not there yet waits from now on.
  func count(_ rollout: Rollout, stage: Int, _ thing: inout NaiveThing) {
    let open = brings(rollout, to: thing).filter { firmware in
      let running = thing.running[firmware.mcuID]
      if firmware.isWithdrawn || running == firmware.version.text { return false }
      guard rollout.revertOf != nil else { return !isOlder(firmware, than: running) }
      // Where it is not known what runs, that is asked when the thing comes.
      return running == nil || runsReverted(thing, firmware.mcuID, rollout)
    }
    guard thing.parts[rollout.id] == nil, thing.holds(rollout.plan.target), !open.isEmpty,
      self.stage(of: thing, rollout) == stage
    else { return }
    thing.parts[rollout.id] = .init(stage: stage, state: .waiting)
  }

  // MARK: What things say

  /// It can say no version, only that it now runs what it was offered.
  func claims(_ id: Int64, _ thing: inout NaiveThing) {
    runs(firmware(id).version.text, on: firmware(id).mcuID, claiming: id, &thing)
  }

  func runs(_ version: String, on mcu: Int64, claiming claimed: Int64? = nil, _ thing: inout NaiveThing) {
    for (id, record) in thing.records where firmware(id).mcuID == mcu {
      let target = firmware(id)
      var next = record
      if id == claimed {
        if record.state != .confirmed { next.state = .claimed }
      } else if target.version.text == version {
        next.state = .confirmed
      } else if record.state == .installed {
        next.saidOtherwise = true
        if isOverdue(next) { next.state = .rolledBack }
      } else if record.state == .confirmed || record.state == .claimed, thing.present[mcu] == id,
        !isOlder(target, than: version)
      {
        next.state = .rolledBack
      }
      thing.records[id] = next
    }
    if let runs = registered(mcu, version) {
      let present = thing.present[mcu]
      if !isUnderWay(present, thing) || present.map({ runs.sequence > firmware($0).sequence }) ?? true {
        thing.present[mcu] = thing.records[runs.id] == nil ? nil : runs.id
      }
    }
    thing.running[mcu] = version
    follow(&thing)
  }

  private func isUnderWay(_ id: Int64?, _ thing: NaiveThing) -> Bool {
    guard let id, let record = thing.records[id] else { return false }
    switch record.state {
    case .offered, .downloading, .downloaded:
      return [.running, .finished, .paused, .halted].contains(rollout(record.rollout).state)
    case .confirmed, .claimed: return false
    default: return true
    }
  }

  /// A report on a firmware that it was offered.
  func reports(_ status: ReportedStatus, on id: Int64, _ thing: inout NaiveThing) {
    thing.present[firmware(id).mcuID] = id
    defer { follow(&thing) }
    guard var record = thing.records[id], record.state != .confirmed, record.state != .rolledBack else { return }
    let waits = record.state == .installed || record.state == .failed || record.state == .rejected
    let before = record.state
    if before == .claimed {
      guard status == .failed || status == .rejected else { return }
      let firmware = firmware(id)
      if thing.running[firmware.mcuID] == firmware.version.text { thing.running[firmware.mcuID] = nil }
    }
    switch status {
    case .downloading, .downloaded, .installing:
      if waits { return }
      record.state = status == .downloading ? .downloading : status == .downloaded ? .downloaded : .installing
    case .installed:
      if before == .installed { return }
      (record.state, record.installedAt, record.saidOtherwise) = (.installed, now, false)
    case .rejected: record.state = .rejected
    case .failed:
      if before != .failed { record.failures += 1 }
      let isOnlyDownload = before == .offered || before == .downloading
      record.state = isOnlyDownload && record.failures < rollout(record.rollout).plan.attempts ? .offered : .failed
    }
    thing.records[id] = record
  }

  /// The server sees bytes go out.
  func fetches(_ id: Int64, all: Bool, _ thing: inout NaiveThing) {
    let firmware = firmware(id)
    guard thing.running[firmware.mcuID] != firmware.version.text, let state = thing.records[id]?.state,
      state == .offered || all && state == .downloading
    else { return }
    thing.records[id]!.state = all ? .downloaded : .downloading
    thing.present[firmware.mcuID] = id
    follow(&thing)
  }

  func expires(_ thing: inout NaiveThing) {
    for (id, record) in thing.records where record.state == .installed && record.saidOtherwise && isOverdue(record) {
      thing.records[id]!.state = .rolledBack
      follow(&thing)
    }
  }

  /// Time has passed in which the thing said nothing: what was under way of these rollouts counts as silent.
  func falls(silent thing: inout NaiveThing, in rollouts: [Rollout]) {
    for rollout in rollouts {
      guard let silence = rollout.plan.silence, let seenAt = thing.seenAt, let part = thing.parts[rollout.id],
        part.state == .early || part.state == .late, seenAt.adding(seconds: silence) <= now
      else { continue }
      thing.parts[rollout.id]!.state = .silent
    }
  }

  private func isOverdue(_ record: NaiveThing.Record) -> Bool {
    now.milliseconds >= record.installedAt!.milliseconds + model.confirmWithin * 1000
  }

  /// What becomes of its parts in rollouts by that.
  private func follow(_ thing: inout NaiveThing) {
    for (id, part) in thing.parts {
      let rollout = rollout(id)
      let brought = brings(rollout, to: thing)
      let mine = brought.compactMap { thing.records[$0.id] }.filter { $0.rollout == id }.map(\.state)
      let left = brought.filter { thing.running[$0.mcuID] != $0.version.text }
      var next: NaiveThing.Part? = part
      if !brought.isEmpty && left.isEmpty {
        if part.state == .waiting && mine.isEmpty {
          next = nil
        } else {
          let isClaimed = brought.contains { thing.records[$0.id]?.state == .claimed }
          next!.state = isClaimed ? .claimed : .confirmed
        }
      } else if mine.contains(.failed) || mine.contains(.rejected) || mine.contains(.rolledBack) {
        next!.state = .failed
      } else if part.state == .failed || part.state == .confirmed || part.state == .claimed {
        // It has come to an end.
      } else if part.state != .silent, !left.isEmpty, left.allSatisfy({ hasMovedOn(thing, from: $0, rollout) }) {
        if mine.contains(.claimed) {
          next!.state = .claimed
        } else if mine.contains(.confirmed) {
          next!.state = .confirmed
        } else {
          next = nil
        }
      } else if mine.contains(.downloaded) || mine.contains(.installing) || mine.contains(.installed) {
        next!.state = .late
      } else if part.state != .waiting, mine.contains(.offered) || mine.contains(.downloading) {
        next!.state = .early
      }
      thing.parts[id] = next
    }
  }

  // MARK: Order and time

  private func isOlder(_ firmware: Firmware, than running: String?) -> Bool {
    guard let running else { return false }
    if let left = numbers(firmware.version.text), let right = numbers(running) {
      return left.lexicographicallyPrecedes(right)
    }
    return registered(firmware.mcuID, running).map { firmware.sequence < $0.sequence } ?? false
  }

  private func numbers(_ version: String) -> [Int]? {
    let parts = version.split(separator: ".").map { Int($0) }
    return parts.contains(nil) ? nil : parts.map { $0! }
  }

  /// Of `08:00-16:00`, never over midnight.
  private func isIn(_ window: String) -> Bool {
    let hours = window.split(separator: "-").map { Int64($0.prefix(2))! * 3_600_000 }
    return (hours[0]..<hours[1]).contains(now.milliseconds % 86_400_000)
  }
}
