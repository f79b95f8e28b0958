import APIContract

extension RolloutPreviewShape: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("model", model)
    for firmware in firmwares { fields.add("firmware", "\(firmware.mcu) \(firmware.version) (\(firmware.id))") }
    fields.add("things", "\(things) of the model, \(excluded) of them would not get it")
    var table = TextTable(["stage", "share", "things", "held now", "for example"])
    for (index, stage) in stages.enumerated() {
      table.add([
        String(index + 1), stage.share, String(stage.things), String(stage.held), stage.sample.joined(separator: ", "),
      ])
    }
    guard !exclusions.isEmpty else { return fields.text + "\n\n" + table.text }
    var excluded = TextTable(["excluded by", "clause", "things", "for example"])
    for exclusion in exclusions {
      excluded.add([exclusion.reason, exclusion.clause, String(exclusion.things), exclusion.sample.joined(separator: ", ")])
    }
    return [fields.text, table.text, excluded.text].joined(separator: "\n\n")
  }
}
