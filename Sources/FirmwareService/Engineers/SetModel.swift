import Catalog
public import Domain

extension FirmwareService {
  /// The seconds that things may be expected to wait between two questions.
  public static let pollIntervals: ClosedRange<Int64> = 1...86_400

  /// Changes whether publishing a model's firmware needs a second operator, how often its things are expected to ask, and how
  /// its devices come in by DDI. Nil leaves a setting as it is.
  /// - Parameter modules: how MCUs are named to devices, by their names.
  /// - Throws: `malformed`, `unknownModel`, `unknownMCU`.
  public func setModel(
    _ name: String, fourEyes: Bool?, pollInterval: Int64?, deviceDoor: DeviceDoorChange = .none,
    modules: [String: ModuleChange] = [:], by actor: String
  ) async throws -> Model {
    let model = try model(name)
    guard fourEyes != nil || pollInterval != nil || deviceDoor != .none || !modules.isEmpty else {
      throw ServiceError(.malformed, "fourEyes, pollInterval, deviceDoor or modules is needed")
    }
    try Self.check(pollInterval: pollInterval)
    try Self.check(deviceDoor, modules)
    try Self.check(modules, areOf: model.mcus.map(\.name))
    let audit = AuditEntry(at: clock(), actor: actor, action: "model.set", subject: model.name)
    try await translatingErrors {
      try await catalog.setModel(
        model.id, fourEyes: fourEyes, pollInterval: pollInterval, deviceDoor: deviceDoor, modules: modules, audit: audit)
    }
    try await reloadReleases()
    return try self.model(name)
  }

  /// - Throws: `malformed` for a name that no device could say or be told.
  static func check(_ deviceDoor: DeviceDoorChange, _ modules: [String: ModuleChange]) throws {
    let longest = DeviceDoor.longestAttribute
    guard deviceDoor.versionAttribute.map({ PrintableText.isName($0, longest: longest) }) ?? true else {
      throw ServiceError(.malformed, "versionAttribute: 1 to \(longest) printable characters are needed")
    }
    for (mcu, module) in modules {
      guard module != ModuleChange() else { throw ServiceError(.malformed, "modules: moduleType or part of \(mcu) is needed") }
      guard module.moduleType.map(PrintableText.isName) ?? true else {
        throw ServiceError(.malformed, "moduleType: 1 to \(PrintableText.longest) printable characters are needed")
      }
      guard module.part.map({ $0.isEmpty || PrintableText.isName($0) }) ?? true else {
        throw ServiceError(.malformed, "part: up to \(PrintableText.longest) printable characters are needed")
      }
    }
  }

  /// - Throws: `unknownMCU`.
  static func check(_ modules: [String: ModuleChange], areOf mcus: [String]) throws {
    for name in modules.keys.sorted() where !mcus.contains(name) {
      throw ServiceError(.unknownMCU, "modules: the model has no MCU \(name)")
    }
  }

  static func check(pollInterval: Int64?) throws {
    guard pollInterval.map(pollIntervals.contains) ?? true else {
      throw ServiceError(.malformed, "pollInterval: 1 second to 1 day is needed")
    }
  }

  /// - Throws: `approvalNeeded` where one operator alone may not publish.
  static func refuseUnapproved(_ model: Model) throws {
    guard !model.fourEyes else {
      throw ServiceError(
        .approvalNeeded,
        "\(model.name) needs the go of a second operator: create a rollout, and let another operator approve it")
    }
  }
}
