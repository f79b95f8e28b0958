import APIContract
import Domain

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
    for mcu in mcus { fields.add("mcu", "\(mcu.moduleText) (newest sequence \(mcu.newestSequence))") }
    fields.add("versions", numericVersions ? "whole numbers" : "any")
    fields.add("confirm within", DurationArgument.text(seconds: confirmWithin))
    fields.add("poll interval", DurationArgument.text(seconds: pollInterval))
    fields.add("four eyes", fourEyes ? "on" : "off")
    fields.add("by DDI", deviceDoor.text)
    fields.add("values kept", retention.text)
    fields.add("created", PlainText.time(createdAt))
    return fields.text
  }
}

extension MCUShape {
  /// `main: part bApp of type application`.
  var moduleText: String { "\(name): part \(part) of type \(moduleType)" }
}

extension DeviceDoorShape {
  var text: String {
    let unknown =
      switch unknownThings {
      case .accept: "unknown things are accepted"
      case .hold: "unknown things are held"
      case .refuse: "unknown things are refused"
      }
    return "\(unknown), \(versionAttribute) is the version, a success is \(trustsReports ? "" : "not ")believed alone"
  }
}

extension GatewayTokenShape: TextRendering {
  /// The token in a line of its own, and what becomes of it in another.
  var text: String {
    let previous = previousExpiresAt.map { " The one before works until \(PlainText.time($0))." } ?? ""
    return """
      \(token)
      Give it to SWUpdate as gatewaytoken, to rauc-hawkbit-updater as gateway_token, or send Authorization: GatewayToken \
      and the token.\(previous)
      """
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
