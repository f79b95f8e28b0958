import Catalog
public import Domain
import Rollouts

/// What a rollout is to deliver, and how.
public struct RolloutOrder: Sendable {
  public let model: String
  /// The public ids of the firmwares, in the order in which a thing gets them.
  public let firmwares: [String]
  /// In place of them: the firmware of this version of each MCU.
  public let version: String?
  public let stages: [RolloutStage.Scope]
  public var plan: RolloutPlan
  /// Whether the plan's silence is the default, which is longer where things are told to ask again only later.
  public let usesStandardSilence: Bool

  public init(
    model: String, firmwares: [String], version: String?, stages: [RolloutStage.Scope], plan: RolloutPlan,
    usesStandardSilence: Bool = false
  ) {
    self.model = model
    self.firmwares = firmwares
    self.version = version
    self.stages = stages
    self.plan = plan
    self.usesStandardSilence = usesStandardSilence
  }
}

extension FirmwareService {
  /// The most stages of a rollout.
  public static let mostStages = 20

  /// Creates a rollout. It waits for its start: by a person, or at the time that its plan says.
  /// - Throws: `malformedExpression` with the place of the error, `malformed`, `unknownModel`, `unknownFirmware`.
  public func createRollout(
    _ order: RolloutOrder, within scope: ModelScope = .all, by actor: String
  ) async throws -> Rollout {
    try Self.require(order.model, in: scope)
    let now = clock()
    let (model, rules) = try rules(for: order, by: actor, at: now)
    let isScheduled = order.plan.startAt != nil && !model.fourEyes
    let row = NewRolloutRow(
      publicID: rules.rollout.publicID, modelID: model.id, plan: rules.rollout.plan, items: rules.rollout.items,
      stages: rules.rollout.stages, state: isScheduled ? .scheduled : .draft, createdBy: actor)
    let versions = rules.rollout.items.compactMap { releases.snapshot.firmware($0.firmwareID) }
    let audit = AuditEntry(
      at: now, actor: actor, action: "rollout.create", subject: row.publicID,
      details: [
        "model": model.name, "versions": versions.map { "\($0.mcu) \($0.version)" }.joined(separator: ", "),
        "target": order.plan.target ?? "", "gate": order.plan.gate ?? "",
        "stages": order.stages.map(\.text).joined(separator: ","),
      ])
    let changes = try await translatingErrors {
      try await catalog.createRollout(row, at: now, audit: audit) { rollout in
        RolloutEvent(
          rolloutID: rollout.publicID, model: model.name, at: now, kind: isScheduled ? .scheduled : .created,
          details: ["by": actor])
      } committed: { [self] in
        announce($0)
      }
    }
    guard let rollout = changes.last?.rollout else { throw ServiceError(.unavailable, "the rollout was not created") }
    return rollout
  }

  /// The rules of a rollout that is not there yet.
  func rules(
    for order: RolloutOrder, by actor: String, at now: Timestamp
  ) throws -> (model: Model, rules: RolloutRules) {
    let model = try model(order.model)
    var order = order
    if order.usesStandardSilence, let silence = order.plan.silence {
      order.plan.silence = max(silence, 3 * model.pollInterval)
    }
    let firmwares = try firmwares(of: order, model)
    try Self.check(order)
    let rollout = Rollout(
      id: .max, publicID: Identifiers.firmware(), modelID: model.id, plan: order.plan,
      items: firmwares.map { RolloutItem(mcuID: $0.mcuID, firmwareID: $0.id) }, revertOf: nil, isPublication: false,
      createdAt: now, createdBy: actor, state: .draft, stages: order.stages.map { RolloutStage(scope: $0) })
    do { return (model, try RolloutRules(rollout, firmwares: firmwares)) } catch {
      throw ServiceError(.malformedExpression, "\(error)")
    }
  }

  private func firmwares(of order: RolloutOrder, _ model: Model) throws -> [Firmware] {
    let releases = releases.snapshot
    guard order.firmwares.isEmpty != (order.version == nil) else {
      throw ServiceError(.malformed, "firmwares: either ids or a version are needed")
    }
    if let version = order.version {
      let found = model.mcus.compactMap { releases.firmware(mcuID: $0.id, version: version) }
      guard !found.isEmpty else { throw ServiceError(.unknownFirmware, "\(model.name) has no firmware \(version)") }
      return try Self.standing(found)
    }
    let found = try Self.standing(try order.firmwares.map { try firmware($0) })
    if let other = found.first(where: { $0.modelID != model.id }) {
      throw ServiceError(.malformed, "firmwares: \(other.publicID) is \(other.model)'s, not \(model.name)'s")
    }
    guard Set(found.map(\.mcuID)).count == found.count else {
      throw ServiceError(.malformed, "firmwares: two of them are for the same MCU")
    }
    return found
  }

  /// - Throws: `wrongState` for what was withdrawn.
  private static func standing(_ firmwares: [Firmware]) throws -> [Firmware] {
    if let withdrawn = firmwares.first(where: \.isWithdrawn) {
      throw ServiceError(.wrongState, "firmware \(withdrawn.publicID) was withdrawn: publish it, or use another")
    }
    return firmwares
  }

  private static func check(_ order: RolloutOrder) throws {
    let plan = order.plan
    func need(_ holds: Bool, _ message: String) throws {
      guard holds else { throw ServiceError(.malformed, message) }
    }
    try need((1...mostStages).contains(order.stages.count), "stages: 1 to \(mostStages) are needed")
    var largest = 0
    for case .share(let share) in order.stages {
      try need(share > largest, "stages: each share is larger than the one before")
      largest = share
    }
    try need((0...1).contains(plan.success), "success: 0% to 100%")
    try need(plan.haltAt.map { (0..<1).contains($0) } ?? true, "haltAt: less than 100%, or never")
    try need((1...1_000_000).contains(plan.minSample), "minSample: 1 to 1000000")
    try need((0...31_536_000).contains(plan.soak), "soak: 0 seconds to 1 year")
    try need(plan.silence.map { (1...31_536_000).contains($0) } ?? true, "silence: 1 second to 1 year, or 0 for never")
    try need(plan.windows.count <= 20, "windows: 20 at most")
    try need(plan.rate.map { (1...10_000_000).contains($0) } ?? true, "rate: 1 to 10000000 things a minute")
    try need(plan.rateDoublesEvery.map { $0 >= 1 && plan.rate != nil } ?? true, "rateDoublesEvery: 1 or more, and a rate")
    try need(plan.concurrent.map { $0 >= 1 } ?? true, "concurrent: 1 or more")
    try need((-1000...1000).contains(plan.priority), "priority: -1000 to 1000")
    try need((1...100).contains(plan.attempts), "attempts: 1 to 100")
  }
}
