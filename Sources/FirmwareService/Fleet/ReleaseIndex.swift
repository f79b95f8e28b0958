import Domain
import Synchronization

/// Models and firmwares as polls need them: in memory, replaced as a whole after each change.
final class ReleaseIndex: Sendable {
  struct Snapshot: Sendable {
    var modelsByID: [Int64: Model] = [:]
    var modelsByName: [String: Model] = [:]
    var firmwaresByID: [Int64: Firmware] = [:]
    var firmwaresByPublicID: [String: Firmware] = [:]
    /// By MCU, then by the text of the version.
    var versions: [Int64: [String: Firmware]] = [:]
    /// The newest registration among what is published, by MCU.
    var published: [Int64: Firmware] = [:]
    /// The largest sequence registered, by MCU.
    var newestSequence: [Int64: Int64] = [:]
    /// Oldest registration first.
    var firmwares: [Firmware] = []

    /// Every model, by name.
    var models: [Model] { modelsByName.values.sorted { $0.name < $1.name } }

    func firmware(mcuID: Int64, version: String) -> Firmware? { versions[mcuID]?[version] }
  }

  private struct State {
    var snapshot = Snapshot()
    var readings = 0
    var newestReading = 0
  }

  private let state = Mutex(State())

  var snapshot: Snapshot { state.withLock { $0.snapshot } }

  /// Announces a reading of the catalog that begins now.
  func beginReading() -> Int {
    state.withLock { state in
      state.readings += 1
      return state.readings
    }
  }

  /// Takes what a reading gave, unless one that began later has been taken: or a firmware that was just withdrawn could come
  /// back.
  func replace(reading: Int, models: [Model], firmwares: [Firmware]) {
    var next = Snapshot()
    for model in models {
      next.modelsByID[model.id] = model
      next.modelsByName[model.name] = model
    }
    for firmware in firmwares {
      next.firmwaresByID[firmware.id] = firmware
      next.firmwaresByPublicID[firmware.publicID] = firmware
      next.versions[firmware.mcuID, default: [:]][firmware.version.text] = firmware
      next.newestSequence[firmware.mcuID] = max(firmware.sequence, next.newestSequence[firmware.mcuID] ?? 0)
      if firmware.publishedAt != nil, firmware.sequence > next.published[firmware.mcuID]?.sequence ?? 0 {
        next.published[firmware.mcuID] = firmware
      }
    }
    next.firmwares = firmwares
    state.withLock { state in
      guard reading > state.newestReading else { return }
      state.newestReading = reading
      state.snapshot = next
    }
  }
}
