import Catalog
public import Domain
import Rollouts

/// What a rollout would mean if it were started now.
public struct RolloutPreview: Sendable {
  /// A stage, with the things that it would hold and no earlier one does.
  public struct Stage: Sendable {
    public let scope: RolloutStage.Scope
    public fileprivate(set) var things = 0
    /// Of these, those that would have to wait.
    public fileprivate(set) var held = 0
    public fileprivate(set) var sample: [String] = []
  }

  /// Things that would not get it, for one reason.
  public struct Exclusion: Sendable {
    public let reason: String
    public let clause: String?
    public fileprivate(set) var things = 0
    public fileprivate(set) var sample: [String] = []
  }

  /// How many ids are given as examples.
  static let sampleSize = 5

  public let model: Model
  public let firmwares: [Firmware]
  public fileprivate(set) var things = 0
  public fileprivate(set) var stages: [Stage]
  public fileprivate(set) var exclusions: [Exclusion] = []

  fileprivate mutating func add(_ view: ThingView, _ membership: RolloutMembership) {
    things += 1
    let id = view.standing.publicID
    switch membership {
    case .stage(let place, let held):
      stages[place].things += 1
      stages[place].held += held == nil ? 0 : 1
      if stages[place].sample.count < Self.sampleSize { stages[place].sample.append(id) }
    case .excluded(let reason, let clause):
      let known = exclusions.firstIndex { $0.reason == reason.rawValue && $0.clause == clause }
      if known == nil { exclusions.append(Exclusion(reason: reason.rawValue, clause: clause)) }
      let place = known ?? exclusions.count - 1
      exclusions[place].things += 1
      if exclusions[place].sample.count < Self.sampleSize { exclusions[place].sample.append(id) }
    }
  }
}

extension FirmwareService {
  /// Shows, before anything starts, how many things each stage would hold and who is left out, by which clause.
  public func planRollout(
    _ order: RolloutOrder, within scope: ModelScope = .all, by actor: String
  ) async throws -> RolloutPreview {
    try Self.require(order.model, in: scope)
    let now = clock()
    let (model, rules) = try rules(for: order, by: actor, at: now)
    try await flushObservations()
    let releases = releases.snapshot
    var preview = RolloutPreview(
      model: model, firmwares: rules.rollout.items.compactMap { releases.firmware($0.firmwareID) },
      stages: rules.rollout.stages.map { RolloutPreview.Stage(scope: $0.scope) })
    try await forEachThing(of: rules) { views in
      for view in views { preview.add(view, RolloutMembership.of(view, in: rules, releases)) }
      return true
    }
    preview.exclusions.sort { ($0.things, $1.reason) > ($1.things, $0.reason) }
    return preview
  }
}
