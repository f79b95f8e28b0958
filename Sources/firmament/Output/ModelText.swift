import APIContract

extension ModelList: TextRendering {
  var text: String {
    var table = TextTable(["name", "mcus", "versions", "confirm within", "poll interval", "four eyes", "created"])
    for model in models {
      table.add([
        model.name, model.mcus.map(\.name).joined(separator: ", "), model.numericVersions ? "whole numbers" : "any",
        DurationArgument.text(seconds: model.confirmWithin), DurationArgument.text(seconds: model.pollInterval),
        model.fourEyes ? "on" : "off",
        PlainText.time(model.createdAt),
      ])
    }
    return table.text
  }
}

extension ModelShape: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("name", name)
    for mcu in mcus { fields.add("mcu", "\(mcu.name) (newest sequence \(mcu.newestSequence))") }
    fields.add("versions", numericVersions ? "whole numbers" : "any")
    fields.add("confirm within", DurationArgument.text(seconds: confirmWithin))
    fields.add("poll interval", DurationArgument.text(seconds: pollInterval))
    fields.add("four eyes", fourEyes ? "on" : "off")
    fields.add("values kept", retention.text)
    fields.add("created", PlainText.time(createdAt))
    return fields.text
  }
}

extension RetentionShape {
  var text: String {
    let parts = [values.map { "the newest \($0)" }, age.map { "for \(DurationArgument.text(seconds: $0))" }].compactMap { $0 }
    return parts.isEmpty ? "for ever" : parts.joined(separator: ", ")
  }
}

extension TrustedKeyList: TextRendering {
  var text: String {
    var table = TextTable(["id", "type", "name", "added", "revoked"])
    for key in keys {
      table.add([key.id, key.algorithm, key.name, PlainText.time(key.addedAt), PlainText.time(key.revokedAt)])
    }
    return table.text
  }
}

extension TrustedKeyShape: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("type", algorithm)
    fields.add("name", name)
    fields.add("added", PlainText.time(addedAt))
    fields.add("revoked", revokedAt.map(PlainText.time))
    return fields.text
  }
}
