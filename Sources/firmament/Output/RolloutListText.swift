import APIContract
import Domain

extension RolloutList: TextRendering {
  var text: String {
    var table = TextTable(["id", "model", "state", "versions", "stage", "things", "confirmed", "claimed", "failed"])
    for rollout in rollouts {
      table.add([
        rollout.id, rollout.model, rollout.state.rawValue, rollout.versions, rollout.stageReached, String(rollout.things),
        String(rollout.counts[.confirmed]), String(rollout.counts[.claimed]), String(rollout.counts.failures),
      ])
    }
    return table.text
  }
}

extension RolloutShape {
  /// `1.2.0, 7 (publication)`: each version once.
  fileprivate var versions: String {
    if let revertOf { return "back from \(revertOf)" }
    var seen: Set<String> = []
    let versions = firmwares.map(\.version).filter { seen.insert($0).inserted }.joined(separator: ", ")
    return publication ? versions + " (publication)" : versions
  }
}

extension RolloutThingList: TextRendering {
  var text: String {
    var table = TextTable(["thing", "stage", "state", "since", "reason"])
    for thing in things {
      table.add([thing.thing, String(thing.stage), thing.state.rawValue, PlainText.time(thing.since), thing.reason])
    }
    return table.text
  }
}
