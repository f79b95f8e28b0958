import APIContract
import Domain

extension ThingHistoryList: TextRendering {
  var text: String {
    var table = TextTable(["at", "what", "mcu", "version", "state", "rollout", "why"])
    for entry in entries {
      let why = [entry.code, entry.message].compactMap { $0 }.joined(separator: ": ")
      table.add([
        PlainText.time(entry.at), entry.kind.rawValue, entry.mcu, entry.version, entry.state?.rawValue, entry.rollout, why,
      ])
    }
    return table.text
  }
}

extension NewestValueList: TextRendering {
  var text: String {
    var table = TextTable(["key", "value", "at"])
    for resource in resources { table.add([resource.key, resource.value.json, PlainText.time(resource.datetime)]) }
    return table.text
  }
}

extension DatedValueList: TextRendering {
  var text: String {
    var table = TextTable(["at", "value"])
    for value in values { table.add([PlainText.time(value.datetime), value.value.json]) }
    return table.text
  }
}
