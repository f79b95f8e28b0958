public import Domain

/// A rollout with everything in it read, ready to be asked about a thing.
///
/// One object for all that hold it: polls are asked of it a million times.
public final class RolloutRules: Sendable {
  public let rollout: Rollout
  public let target: Expression?
  public let gate: Expression?
  public let windows: [UpdateWindow]
  /// What each MCU gets.
  public let firmwares: [Int64: Firmware]
  /// What a firmware asks of a thing, by the firmware's id.
  public let requirements: [Int64: Expression]
  /// The checks that may come to something else by the passing of time, or by what other things do.
  let timedChecks: Set<RolloutCheck>

  /// Which part of a rollout's texts cannot be read, and where.
  public struct Refusal: Error, Sendable, CustomStringConvertible {
    /// `target`, `gate`, `window` or `requires`.
    public let part: String
    public let error: ExpressionError

    public var description: String { "\(part): \(error)" }
  }

  /// - Parameter firmwares: those of the rollout's items.
  public init(_ rollout: Rollout, firmwares: [Firmware]) throws(Refusal) {
    self.rollout = rollout
    target = try Self.expression("target", rollout.plan.target)
    gate = try Self.expression("gate", rollout.plan.gate)
    var windows: [UpdateWindow] = []
    for text in rollout.plan.windows {
      do { windows.append(try UpdateWindow(parsing: text)) } catch { throw Refusal(part: "window", error: error) }
    }
    self.windows = windows
    var requirements: [Int64: Expression] = [:]
    for firmware in firmwares { requirements[firmware.id] = try Self.expression("requires", firmware.requires) }
    self.requirements = requirements
    self.firmwares = Dictionary(firmwares.map { ($0.mcuID, $0) }, uniquingKeysWith: { first, _ in first })
    var timed: Set<RolloutCheck> = []
    if target?.looksAtTime ?? false { timed.insert(.target) }
    if requirements.values.contains(where: \.looksAtTime) { timed.insert(.requires) }
    if gate?.looksAtTime ?? false { timed.insert(.gate) }
    if !windows.isEmpty { timed.insert(.window) }
    if rollout.plan.rate != nil || rollout.plan.concurrent != nil { timed.insert(.pace) }
    timedChecks = timed
  }

  /// Whether what it says of a thing stays the same for as long as the thing, its facts and all that is registered do.
  public var isTimeless: Bool { timedChecks.isEmpty }

  /// The same rules for the rollout as it is now: what it is to do never changes.
  public func following(_ rollout: Rollout) -> RolloutRules { RolloutRules(rollout, as: self) }

  private init(_ rollout: Rollout, as other: RolloutRules) {
    self.rollout = rollout
    (target, gate, windows) = (other.target, other.gate, other.windows)
    (firmwares, requirements, timedChecks) = (other.firmwares, other.requirements, other.timedChecks)
  }

  private static func expression(_ part: String, _ text: String?) throws(Refusal) -> Expression? {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return nil }
    do { return try Expression(parsing: text) } catch { throw Refusal(part: part, error: error) }
  }

  /// The order in which rollouts are asked about an MCU: the larger priority, then what takes a thing back, then the newer
  /// firmware, then the newer rollout.
  public func goesBefore(_ other: RolloutRules, for mcuID: Int64) -> Bool {
    func key(_ rules: RolloutRules) -> (Int, Int, Int64, Int64) {
      (
        rules.rollout.plan.priority, rules.rollout.revertOf == nil ? 0 : 1, rules.firmwares[mcuID]?.sequence ?? 0,
        rules.rollout.id
      )
    }
    return key(self) > key(other)
  }

  /// Which facts of things its rules need.
  public var needs: FactNeeds {
    var needs = FactNeeds()
    for expression in [target, gate].compactMap({ $0 }) + requirements.values { needs.formUnion(expression.needs) }
    if rollout.stages.contains(where: { if case .tag = $0.scope { true } else { false } }) { needs.tags = true }
    return needs
  }

  /// The place of the first stage that holds the thing, open or not.
  public func stage(of view: ThingView) -> Int? {
    var place: Int?
    return rollout.stages.firstIndex { stage in
      switch stage.scope {
      case .share(RolloutShare.whole...): return true
      case .share(let share):
        let thingPlace = place ?? RolloutShare.place(of: view.standing.publicID, in: rollout.publicID)
        place = thingPlace
        return thingPlace < share
      case .tag(let name): return view.facts?.tags.contains(name) ?? false
      }
    }
  }

  /// What it has for an MCU of a thing: for a rollout that reverts another, what the MCU ran before that.
  public func firmware(
    for mcuID: Int64, of standing: ThingStanding, _ releases: any ReleaseLookup
  ) -> Firmware? {
    guard let reverted = rollout.revertOf else { return firmwares[mcuID] }
    return standing.delivery(of: reverted)?.previous.first { $0.mcuID == mcuID }.flatMap { releases.firmware($0.firmwareID) }
  }

  /// Whether it may bring the firmware to the thing as it is. One that reverts another takes a thing back only from what that
  /// brought it: whatever else the thing runs by now stays.
  func concerns(_ firmware: Firmware, of standing: ThingStanding, _ releases: any ReleaseLookup) -> Bool {
    guard let reverted = rollout.revertOf else { return true }
    let running = standing.mcu(firmware.mcuID)?.running
    if running == firmware.version.text { return true }
    guard let brought = releases.rules(reverted)?.firmwares[firmware.mcuID], running == brought.version.text else {
      return false
    }
    return standing.installation(of: brought.id)?.rolloutID == reverted
  }

  /// Whether the thing has moved on from what it would bring: it runs something newer, or for one that reverts another,
  /// something else than that brought.
  func isPast(_ firmware: Firmware, _ standing: ThingStanding, _ releases: any ReleaseLookup) -> Bool {
    guard let running = standing.mcu(firmware.mcuID)?.running else { return false }
    guard rollout.revertOf == nil else { return !concerns(firmware, of: standing, releases) }
    return OfferDecision.isOlder(
      firmware, than: running, registered: releases.firmware(mcuID: firmware.mcuID, version: running))
  }

  /// What a thing of it is to run in the end, by MCU, in the order in which it gets them.
  public func goal(for standing: ThingStanding) -> [RolloutItem] {
    guard let reverted = rollout.revertOf else { return rollout.items }
    return standing.delivery(of: reverted)?.previous ?? []
  }
}
