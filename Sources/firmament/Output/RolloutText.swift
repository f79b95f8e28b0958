import APIContract
import Domain

extension RolloutShape: TextRendering {
  /// A header, a row for each stage, and what waits and fails for which reasons.
  var text: String {
    var figures = TextFields()
    figures.add("waiting", Self.tally(stages.map(\.waiting)))
    figures.add("failures", Self.tally(stages.map(\.failures)))
    figures.add("downloads", "\(ProgressLine.size(bytesPerSecond))/s")
    return [header, funnel, figures.text].joined(separator: "\n\n")
  }

  private var header: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("model", model)
    fields.add("state", standing)
    for firmware in firmwares { fields.add("firmware", "\(firmware.mcu) \(firmware.version) (\(firmware.id))") }
    fields.add("reverts", revertOf)
    fields.add("target", plan.target ?? "every thing of the model")
    fields.add("gate", plan.gate)
    fields.add("plan", plan.line)
    fields.add("created", "\(PlainText.time(createdAt)) by \(createdBy)")
    fields.add("approved", approvedBy.map { "by \($0)" })
    fields.add("started", startedAt.map(PlainText.time))
    fields.add("ended", endedAt.map(PlainText.time))
    return fields.text
  }

  private var funnel: String {
    var table = TextTable(["stage", "state", "target"] + DeliveryState.allCases.map(\.words))
    for (index, stage) in stages.enumerated() {
      table.add(
        ["\(index + 1): \(stage.share)", stage.state.words, String(stage.things)]
          + DeliveryState.allCases.map { String(stage.counts[$0]) })
    }
    table.add(["total", nil, String(things)] + DeliveryState.allCases.map { String(counts[$0]) })
    return table.text
  }

  /// `window 12, pace 3`: all stages together, most first; nil for nothing.
  private static func tally(_ counts: [[String: Int]]) -> String? {
    let sums = counts.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }.filter { $0.value > 0 }
    let sorted = sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return sorted.isEmpty ? nil : sorted.map { "\($0.key == "-" ? "no code" : $0.key) \($0.value)" }.joined(separator: ", ")
  }
}

extension RolloutShape {
  /// The state with its reason, or with what it needs.
  private var standing: String {
    let reason = state == .halted ? haltReason.map { ": \($0)" } ?? "" : ""
    let kind = publication ? ", a publication" : ""
    return state.rawValue + kind + reason + (needed.map { "; \($0)" } ?? "")
  }

  /// What a person has to do; nil where nothing waits for one.
  private var needed: String? {
    switch needs {
    case nil: nil
    case "start": "firmament rollout start \(id) starts it"
    case "resume": "firmament rollout resume \(id) lets it go on"
    case "approval":
      state == .draft || state == .scheduled
        ? "another operator has to approve its start: firmament rollout approve \(id)"
        : "the next stage waits for a go: firmament rollout approve \(id)"
    case .some(let other): "it needs \(other)"
    }
  }

  /// What its state means now, in a line.
  var meaning: String {
    let aim = revertOf.map { " takes the things of \($0) back to what each of them ran before; it" } ?? ""
    let next = needed.map { ": \($0)" } ?? ""
    let state =
      switch self.state {
      case .draft where needs == "approval": "is a draft\(next)"
      case .draft: "is a draft: start it with firmament rollout start \(id)"
      case .scheduled where needs == "approval": "is scheduled\(next)"
      case .scheduled: "starts by itself at \(PlainText.time(plan.startAt))"
      case .running: "is running\(next)"
      case .paused: "is paused and offers nothing: firmament rollout resume \(id) lets it go on"
      case .halted:
        "has halted (\(haltReason ?? "no reason is known")): firmament rollout resume \(id) lets it go on"
      case .finished: "is finished; things that appear later still get it"
      case .cancelled: "is cancelled: nothing of it is offered or served any more"
      }
    return PlainText.oneLine("Rollout \(id)\(aim) \(state).")
  }

  /// `running, stage 2/3: 120 things, 5 waiting, 13 under way, 100 confirmed, 2 failed`; with `3 claimed` where any are.
  var progressLine: String {
    let claimed = counts[.claimed] == 0 ? "" : "\(counts[.claimed]) claimed, "
    return PlainText.oneLine(
      "\(standing), stage \(stageReached): \(things) things, \(counts[.waiting]) waiting, \(counts.underWay) under way, "
        + "\(counts[.confirmed]) confirmed, \(claimed)\(counts.failures) failed")
  }

  /// `2/3`: the newest stage that has opened, of how many.
  var stageReached: String { "\((stages.lastIndex { $0.state != .pending } ?? -1) + 1)/\(stages.count)" }
}

extension RolloutPlanShape {
  /// All of it but target and gate, in a line.
  var line: String {
    var parts = ["\(success) success", haltAt == "never" ? "never halts" : "halts at \(haltAt)", "sample \(minSample)"]
    parts.append("soak \(DurationArgument.text(seconds: Int(clamping: soak)))")
    parts.append(silence == 0 ? "silence never" : "silence \(DurationArgument.text(seconds: Int(clamping: silence)))")
    parts += windows.map { "window \($0)" }
    if let startAt { parts.append("starts at \(PlainText.time(startAt))") }
    if let rate { parts.append("\(rate) a minute" + (rateDoublesEvery.map { " (doubles every \($0))" } ?? "")) }
    if let concurrent { parts.append("\(concurrent) at once") }
    if priority != 0 { parts.append("priority \(priority)") }
    if downloadOnly { parts.append("download only") }
    parts.append(attempts == 1 ? "1 attempt" : "\(attempts) attempts")
    if consent { parts.append("with consent") }
    if approval { parts.append("approval of each stage") }
    return parts.joined(separator: ", ")
  }
}

extension DeliveryCounts {
  fileprivate var underWay: Int { DeliveryState.allCases.filter(\.isInFlight).reduce(0) { $0 + self[$1] } }
  var failures: Int { DeliveryState.allCases.filter(\.isFailure).reduce(0) { $0 + self[$1] } }
}

extension DeliveryState {
  /// `rolled back`.
  fileprivate var words: String { self == .rolledBack ? "rolled back" : rawValue }
}

extension RolloutStageState {
  fileprivate var words: String { self == .awaitingApproval ? "awaits approval" : rawValue }
}
