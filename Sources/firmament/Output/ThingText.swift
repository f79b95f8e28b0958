import APIContract
import Domain

extension ThingList: TextRendering {
  var text: String {
    let haveNames = things.contains { $0.controllerId != nil }
    var table = TextTable(
      ["id", "model", "activated", "last seen", "retired", "runs", "tags"] + (haveNames ? ["controller"] : []))
    for thing in things {
      table.add([
        thing.id, thing.model, PlainText.time(thing.activatedAt), PlainText.time(thing.lastSeenAt),
        PlainText.time(thing.retiredAt),
        thing.running.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
        thing.tags.joined(separator: ", "), thing.controllerId,
      ])
    }
    return table.text
  }
}

extension ThingShape: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("controller", controllerId)
    fields.add("model", model)
    fields.add("created", PlainText.time(createdAt))
    fields.add("activated", PlainText.time(activatedAt))
    fields.add("last seen", PlainText.time(lastSeenAt))
    fields.add("retired", retiredAt.map(PlainText.time))
    fields.add("owner", owner)
    fields.add("tags", tags.isEmpty ? nil : tags.joined(separator: ", "))
    var table = TextTable(["mcu", "runs", "firmware", "state", "since", "sent", "offer", "why"])
    for mcu in mcus {
      let state = mcu.firmware.map { firmware in
        [firmware.state.rawValue, firmware.code, firmware.message].compactMap { $0 }.joined(separator: ": ")
      }
      table.add([
        mcu.mcu, mcu.version, mcu.firmware?.version, state, PlainText.time(mcu.firmware?.since),
        mcu.firmware.map { "\($0.bytesServed) B" }, mcu.offer, mcu.explanation,
      ])
    }
    return fields.text + "\n\n" + table.text
  }
}

extension ControllerList: TextRendering {
  var text: String {
    var table = TextTable(["controller", "model", "came", "thing"])
    for controller in controllers {
      table.add([
        controller.controllerId, controller.model, PlainText.time(controller.createdAt), controller.thing ?? "waits",
      ])
    }
    return table.text
  }
}

extension ControllerShape: TextRendering {
  var text: String { "Controller \(controllerId) of model \(model) \(thing.map { "is thing \($0)" } ?? "waits")." }
}

extension RefusedControllers: TextRendering {
  var text: String { "Model \(model): \(refused) controllers refused." }
}

extension LinkAllowanceShape: TextRendering {
  var text: String {
    allowedUntil.map { "A user may link thing \(id) by its id until \(PlainText.time($0))." }
      ?? "No user may link thing \(id) by its id."
  }
}

extension ThingTokenShape: TextRendering {
  var text: String { token }
}

extension ThingResetShape: TextRendering {
  var text: String { "Thing \(id) is reset. Its code \(code) activates it again." }
}

extension ThingImportShape: TextRendering {
  var text: String { "Imported \(imported) things; \(unchanged) were there already." }
}

extension CodeList: TextRendering {
  var text: String {
    var table = TextTable(["code", "model", "created", "used", "thing"])
    for code in codes {
      table.add([code.code, code.model, PlainText.time(code.createdAt), PlainText.time(code.usedAt), code.thing])
    }
    return table.text
  }

  /// For the factory: RFC 4180 with a header, lines ended by LF so that shell tools read it.
  var csv: String {
    let rows = codes.map { code in
      [code.code, code.model, code.createdAt.iso8601, code.usedAt?.iso8601 ?? "", code.thing ?? ""]
    }
    return ([["code", "model", "createdAt", "usedAt", "thing"]] + rows)
      .map { $0.map(Self.quoted).joined(separator: ",") }.joined(separator: "\n") + "\n"
  }

  private static func quoted(_ field: String) -> String {
    guard field.contains(where: { ",\"\r\n".contains($0) }) else { return field }
    return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
