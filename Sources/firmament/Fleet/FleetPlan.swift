import APIContract
import Domain

/// What the things of a simulated fleet are like.
struct FleetPlan: Sendable {
  /// Activation codes, one a thing.
  var codes: [String]
  /// What each MCU runs at first, by name; an MCU that is missing runs something of which nothing is known.
  var running: [String: String] = [:]
  var seed: UInt64 = 1
  /// Shares of the things, 0 to 1.
  var fail = 0.0
  var rollback = 0.0
  var silent = 0.0
  /// Simulated seconds between two polls of a thing, where the server names no other time.
  var pollInterval = 300.0
  /// Bytes that a thing asks for at once.
  var rangeBytes: Int64 = 65_536
  /// Simulated seconds that an install and a reboot take.
  var installTimes = 10.0...180.0
  var rebootTimes = 5.0...30.0
  /// Requests at the same time.
  var connections = 64
  /// How long a thing goes on trying while nothing of it comes through, in real time.
  var patience = Duration.seconds(60)

  /// The things, each with its fate and numbers of its own: the same for the same seed.
  func things() -> [SimulatedThing] {
    zip(codes.indices, ThingFate.allot(self)).map { index, fate in SimulatedThing(index, fate: fate, self) }
  }

  /// What the oldest published firmware of each MCU is, or the one version that all are to run.
  static func firstVersions(of model: ModelShape, _ firmwares: [FirmwareShape], version: String?) -> [String: String] {
    var first: [String: (sequence: Int64, version: String)] = [:]
    for firmware in firmwares where firmware.publishedAt != nil {
      if let known = first[firmware.mcu], known.sequence <= firmware.sequence { continue }
      first[firmware.mcu] = (firmware.sequence, firmware.version)
    }
    guard let version else { return first.mapValues(\.version) }
    return Dictionary(model.mcus.map { ($0.name, version) }, uniquingKeysWith: { $1 })
  }
}
