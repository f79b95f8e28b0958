import APIContract
import Domain

extension ExplanationShape: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("thing", thing)
    fields.add("model", model)
    fields.add("at", PlainText.time(at))
    return ([fields.text] + mcus.map(\.text)).joined(separator: "\n\n")
  }
}

extension MCUExplanation {
  /// What it runs and gets, and why; then what each rollout says.
  fileprivate var text: String {
    var fields = TextFields()
    fields.add("mcu", mcu)
    fields.add("runs", running ?? "nothing known")
    fields.add("offered", offer ?? "nothing")
    fields.add("because", "\(explanation) (\(reason))")
    fields.add("decided by", decidedBy.map { "rollout \($0)" })
    return ([fields.text] + rollouts.map(\.text)).joined(separator: "\n\n")
  }
}

extension RolloutExplanation {
  fileprivate var text: String {
    let delivers = version.map { " (\($0), \(state.rawValue))" } ?? " (\(state.rawValue))"
    let heading = PlainText.oneLine("Rollout \(rollout)\(delivers): \(outcome), \(reason)")
    guard !clauses.isEmpty else { return heading }
    // A blank in place of the arrow, as an empty cell would be a dash.
    var table = TextTable([" ", "check", "clause", "value now", "holds", "note"])
    for clause in clauses {
      table.add([
        clause.decides ? "→" : " ", clause.check, clause.clause, clause.value, clause.holds ? "yes" : "no", clause.note,
      ])
    }
    return heading + "\n" + table.text
  }
}
