import APIContract
import Domain

/// Both answers of which the status is made, as one.
struct FleetStatus: TextRendering {
  let firmwares: [FirmwareStatus]
  let models: [ModelFleetShape]
  let at: Timestamp

  init(_ status: StatusShape, _ fleet: FleetShape) {
    firmwares = status.firmwares
    models = fleet.models
    at = fleet.at
  }

  var text: String {
    ([states.text] + (models.isEmpty ? [] : [figures.text, versions.text])).joined(separator: "\n\n")
  }

  private var states: TextTable {
    var table = TextTable(
      ["model", "mcu", "version", "published", "running"] + InstallationState.allCases.map(\.rawValue))
    for firmware in firmwares {
      table.add(
        [firmware.model, firmware.mcu, firmware.version, firmware.published ? "yes" : "no", String(firmware.running)]
          + InstallationState.allCases.map { String(firmware.counts[$0]) })
    }
    return table
  }

  private var figures: TextTable {
    var table = TextTable(["model", "things", "active", "retired", "seen in 1h", "seen in 1d", "silent"])
    for model in models {
      let figures = [model.things, model.activated, model.retired, model.seenLastHour, model.seenLastDay, model.silent]
      table.add([model.model] + figures.map { String($0) })
    }
    return table
  }

  private var versions: TextTable {
    var table = TextTable(["model", "mcu", "runs", "things"])
    for model in models {
      for mcu in model.mcus {
        for version in mcu.versions {
          table.add([model.model, mcu.mcu, version.version ?? "(never said)", String(version.things)])
        }
        if let others = mcu.others { table.add([model.model, mcu.mcu, "(others)", String(others)]) }
      }
    }
    return table
  }
}
