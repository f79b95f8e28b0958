import APIContract
import Domain

extension FirmwareList: TextRendering {
  var text: String {
    var table = TextTable(["id", "model", "mcu", "version", "sequence", "size", "published"])
    for firmware in firmwares {
      table.add([
        firmware.id, firmware.model, firmware.mcu, firmware.version, String(firmware.sequence), String(firmware.size),
        PlainText.time(firmware.publishedAt),
      ])
    }
    return table.text
  }
}

extension FirmwareShape: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("model", model)
    fields.add("mcu", mcu)
    fields.add("version", version)
    fields.add("sequence", String(sequence))
    fields.add("size", "\(size) bytes")
    fields.add("sha256", sha256.hex)
    fields.add("key", keyId)
    fields.add("signed", PlainText.time(createdAt))
    fields.add("registered", PlainText.time(registeredAt))
    fields.add("published", publishedAt.map(PlainText.time) ?? "no")
    fields.add("requires", requires)
    fields.add("format", format)
    for (name, value) in formatDetails.sorted(by: { $0.key < $1.key }) { fields.add("  \(name)", value) }
    return fields.text
  }
}

extension EnvelopeShape: TextRendering {
  /// An envelope is a document: people and programs see the same.
  var text: String { (try? OutputRendering.json(self)) ?? "" }
}
