import APIContract

extension AuditList: TextRendering {
  var text: String {
    var table = TextTable(["at", "who", "action", "subject", "details"])
    for entry in entries {
      let details = entry.details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      table.add([PlainText.time(entry.at), entry.actor, entry.action, entry.subject, details])
    }
    return table.text
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

extension OperatorShape: TextRendering {
  var text: String { name }
}
