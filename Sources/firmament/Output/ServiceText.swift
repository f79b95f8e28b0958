import APIContract

extension AuditList: TextRendering {
  var text: String {
    var table = TextTable(["at", "who", "action", "subject", "details", "change"])
    for entry in entries {
      let details = entry.details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      table.add([PlainText.time(entry.at), entry.actor, entry.action, entry.subject, details, entry.change])
    }
    return table.text
  }
}

extension AuditEntryShape {
  /// What is other than before: `published: false → true`, or `published: true` where there was nothing.
  fileprivate var change: String {
    let (before, after) = (before ?? [:], after ?? [:])
    return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map { name in
      "\(name): " + [before[name], after[name]].compactMap { $0 }.joined(separator: " → ")
    }.joined(separator: ", ")
  }
}

extension VerificationShape: TextRendering {
  var text: String {
    let seen = "\(images) images (\(bytes) bytes), \(firmwares) firmwares, \(things) things"
    let unclaimed = orphans == 0 ? "" : "; \(orphans) images belong to no firmware yet"
    guard !sound else { return "The store is sound: \(seen)\(unclaimed)." }
    var table = TextTable(["problem", "subject", "detail"])
    for problem in problems { table.add([problem.kind, problem.subject, problem.detail]) }
    return table.text
  }
}
