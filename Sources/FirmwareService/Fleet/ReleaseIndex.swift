import Domain
import Rollouts
import Synchronization

/// Models, firmwares and rollouts as polls need them: in memory, replaced as a whole after each change.
final class ReleaseIndex: Sendable {
  private struct State {
    var snapshot = ReleaseSnapshot(models: [], firmwares: [], rollouts: [])
    var readings = 0
    var newestReading = 0
  }

  private let state = Mutex(State())
  private let newestGeneration = Atomic<UInt64>(0)

  var snapshot: ReleaseSnapshot { state.withLock { $0.snapshot } }

  /// That of the snapshot.
  var generation: UInt64 { newestGeneration.load(ordering: .acquiring) }

  /// Announces a reading of the catalog that begins now.
  func beginReading() -> Int {
    state.withLock { state in
      state.readings += 1
      return state.readings
    }
  }

  /// Takes what a reading gave, unless something newer is known: or a firmware that was just withdrawn could come back.
  /// - Returns: whether it was taken; else it has to be read again.
  func replace(reading: Int, models: [Model], firmwares: [Firmware], rollouts: [Rollout]) -> Bool {
    let next = ReleaseSnapshot(models: models, firmwares: firmwares, rollouts: rollouts)
    return state.withLock { state in
      guard reading > state.newestReading else { return false }
      state.newestReading = reading
      state.snapshot = next
      newestGeneration.store(next.generation, ordering: .releasing)
      return true
    }
  }

  /// Takes rollouts as they were just committed. Called on the catalog's writer, so in the order of the commits.
  func replace(_ rollouts: [Rollout]) {
    let changed = Dictionary(rollouts.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    state.withLock { state in
      let before = state.snapshot
      let known = before.rollouts.map { changed[$0.id] ?? $0 }
      let new = rollouts.filter { before.rules($0.id) == nil }
      let next = ReleaseSnapshot(
        models: before.allModels, firmwares: before.firmwares, rollouts: known + new, reading: before.rules)
      state.snapshot = next
      newestGeneration.store(next.generation, ordering: .releasing)
      state.readings += 1
      state.newestReading = state.readings
    }
  }
}

/// What the index holds at one moment.
final class ReleaseSnapshot: ReleaseLookup {
  private static let made = Atomic<UInt64>(0)

  /// Another number for each snapshot, and never 0.
  let generation = ReleaseSnapshot.made.add(1, ordering: .relaxed).newValue
  /// What things are offered, by what is in it.
  let sharedOffers = Mutex<[[Int64]: SharedOffers]>([:])
  let allModels: [Model]
  let modelsByID: [Int64: Model]
  let modelsByName: [String: Model]
  private let firmwaresByID: [Int64: Firmware]
  let firmwaresByPublicID: [String: Firmware]
  /// By MCU, then by the text of the version.
  private let versions: [Int64: [String: Firmware]]
  /// The largest sequence registered, by MCU.
  let newestSequence: [Int64: Int64]
  /// Oldest registration first.
  let firmwares: [Firmware]
  /// Oldest first.
  let rollouts: [Rollout]
  private let rulesByID: [Int64: RolloutRules]
  private let idsByPublicID: [String: Int64]
  /// By MCU: the rollouts that may have something for it, in the order in which they are asked.
  private let candidatesByMCU: [Int64: [RolloutRules]]
  /// By model: what the rules of its rollouts need to know of a thing.
  private let needsByModel: [Int64: FactNeeds]

  /// - Parameter known: the rules of a rollout where they have been read for the same firmwares.
  init(
    models: [Model], firmwares: [Firmware], rollouts: [Rollout], reading known: (Int64) -> RolloutRules? = { _ in nil }
  ) {
    allModels = models
    self.firmwares = firmwares
    self.rollouts = rollouts
    modelsByID = Dictionary(models.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    modelsByName = Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let byID = Dictionary(firmwares.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    firmwaresByID = byID
    firmwaresByPublicID = Dictionary(firmwares.map { ($0.publicID, $0) }, uniquingKeysWith: { $1 })
    var versions: [Int64: [String: Firmware]] = [:]
    var newestSequence: [Int64: Int64] = [:]
    for firmware in firmwares {
      versions[firmware.mcuID, default: [:]][firmware.version.text] = firmware
      newestSequence[firmware.mcuID] = max(firmware.sequence, newestSequence[firmware.mcuID] ?? 0)
    }
    self.versions = versions
    self.newestSequence = newestSequence
    // What was stored was read before, so it can be read again; should it not be, it is for nobody.
    let rules = rollouts.compactMap { rollout in
      try? known(rollout.id)?.following(rollout)
        ?? RolloutRules(rollout, firmwares: rollout.items.compactMap { byID[$0.firmwareID] })
    }
    rulesByID = Dictionary(rules.map { ($0.rollout.id, $0) }, uniquingKeysWith: { $1 })
    idsByPublicID = Dictionary(rollouts.map { ($0.publicID, $0.id) }, uniquingKeysWith: { $1 })
    let asked = rules.filter { $0.rollout.state.isOpen || $0.rollout.state.isUnderWay }
    var needs: [Int64: FactNeeds] = [:]
    for rules in asked { needs[rules.rollout.modelID, default: FactNeeds()].formUnion(rules.needs) }
    needsByModel = needs
    candidatesByMCU = Self.candidates(asked, modelsByID)
  }

  private static func candidates(_ rules: [RolloutRules], _ models: [Int64: Model]) -> [Int64: [RolloutRules]] {
    var candidates: [Int64: [RolloutRules]] = [:]
    for rules in rules {
      let mcus =
        rules.rollout.revertOf == nil
        ? rules.rollout.items.map(\.mcuID) : models[rules.rollout.modelID]?.mcus.map(\.id) ?? []
      for id in mcus { candidates[id, default: []].append(rules) }
    }
    var sorted: [Int64: [RolloutRules]] = [:]
    for (mcuID, rules) in candidates { sorted[mcuID] = rules.sorted { $0.goesBefore($1, for: mcuID) } }
    return sorted
  }

  /// Every model, by name.
  var models: [Model] { allModels.sorted { $0.name < $1.name } }

  func firmware(_ id: Int64) -> Firmware? { firmwaresByID[id] }

  func firmware(mcuID: Int64, version: String) -> Firmware? { versions[mcuID]?[version] }

  func rules(_ rolloutID: Int64) -> RolloutRules? { rulesByID[rolloutID] }

  func rules(publicID: String) -> RolloutRules? { idsByPublicID[publicID].flatMap { rulesByID[$0] } }

  func candidates(_ mcuID: Int64) -> [RolloutRules] { candidatesByMCU[mcuID] ?? [] }

  func needs(ofModel id: Int64) -> FactNeeds { needsByModel[id] ?? FactNeeds() }
}
