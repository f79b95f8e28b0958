import Catalog
import Domain

/// Which rows of a thing have changed and are not written yet.
struct FleetMarks {
  var firmwares: Set<Int64> = []
  private var mcus: Set<Int64> = []
  /// Those that have the thing, and those that had it.
  private var rollouts: Set<Int64> = []

  /// Whether nothing has changed but for which rollouts a thing waits, and why. What a crash takes of that is seen again when
  /// the thing asks next.
  static func mayWait(from before: ThingStanding, to after: ThingStanding) -> Bool {
    before.mcus == after.mcus && before.installations == after.installations
      && before.deliveries.lazy.filter(\.hasBegun).elementsEqual(after.deliveries.lazy.filter(\.hasBegun))
  }

  mutating func add(from before: ThingStanding, to after: ThingStanding) {
    for mcu in after.mcus where !before.mcus.contains(mcu) { mcus.insert(mcu.mcuID) }
    for installation in after.installations where !before.installations.contains(installation) {
      firmwares.insert(installation.firmwareID)
    }
    guard before.deliveries != after.deliveries else { return }
    for delivery in after.deliveries where !before.deliveries.contains(delivery) { rollouts.insert(delivery.rolloutID) }
    for delivery in before.deliveries where after.delivery(of: delivery.rolloutID) == nil {
      rollouts.insert(delivery.rolloutID)
    }
  }

  mutating func formUnion(_ other: FleetMarks) {
    mcus.formUnion(other.mcus)
    firmwares.formUnion(other.firmwares)
    rollouts.formUnion(other.rollouts)
  }

  /// The rows to write, as the thing stands now.
  func change(of standing: ThingStanding) -> StandingChange {
    StandingChange(
      thingID: standing.thingID, mcus: standing.mcus.filter { mcus.contains($0.mcuID) },
      installations: standing.installations.filter { firmwares.contains($0.firmwareID) },
      deliveries: standing.deliveries.filter { rollouts.contains($0.rolloutID) },
      leftRollouts: rollouts.filter { standing.delivery(of: $0) == nil }.sorted())
  }
}

/// Marks that may wait for a few seconds. While a large fleet is told of a rollout, they come faster than the writer could
/// write each by itself: neighbours, which lie on the same pages of the catalog, are written together then.
struct DeferredMarks {
  /// All of them are written once in so many turns.
  static let turns = 10
  /// So many need not wait.
  static let few = 1024
  /// Runs of so many neighbours, as a shift, have the same turn.
  private static let run: Int64 = 8

  private var parts = [[Int64: FleetMarks]](repeating: [:], count: turns)

  var count: Int { parts.reduce(0) { $0 + $1.count } }
  var things: [Int64] { parts.flatMap(\.keys) }

  func things(ofTurn turn: Int) -> [Int64] { Array(parts[turn % Self.turns].keys) }

  mutating func add(from before: ThingStanding, to after: ThingStanding) {
    parts[Self.turn(of: after.thingID)][after.thingID, default: FleetMarks()].add(from: before, to: after)
  }

  mutating func remove(_ thingID: Int64) -> FleetMarks? { parts[Self.turn(of: thingID)].removeValue(forKey: thingID) }

  private static func turn(of thingID: Int64) -> Int { Int(thingID >> run) % turns }
}

extension Delivery {
  fileprivate var hasBegun: Bool { state != .waiting }
}
