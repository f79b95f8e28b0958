import APIContract
import ArgumentParser
import Domain

/// What an MCU is given: `main=os`. The last equals sign counts, since names of MCUs may have some.
struct ModuleArgument: ExpressibleByArgument, Sendable, Equatable {
  let mcu: String
  let value: String

  init?(argument: String) {
    guard let sign = argument.lastIndex(of: "="), sign != argument.startIndex else { return nil }
    mcu = String(argument[..<sign])
    value = String(argument[argument.index(after: sign)...])
  }
}

/// How devices of a model come in by hawkBit's DDI: shared by what creates a model and what changes it.
struct DeviceDoorOptions: ParsableArguments {
  @Option(
    help: "DDI: what becomes of a controller that comes with the gateway token and is not known: accept, hold or refuse.",
    transform: Self.unknownThings)
  var unknownThings: DeviceDoor.UnknownThings?

  @Option(help: "DDI: the attribute by which a device says what it runs; sw_version by default.")
  var versionAttribute: String?

  @Flag(
    inversion: .prefixedNo, help: "DDI: believe the report of a success alone, for devices that do not say what they run.")
  var trustReports: Bool?

  @Option(
    help: ArgumentHelp(
      "DDI: the module type of an MCU, such as os; application by default. Repeat it for several.", valueName: "mcu=type"))
  var moduleType: [ModuleArgument] = []

  @Option(
    help: ArgumentHelp(
      "DDI: the part of an MCU, where it is not its type's; none (MCU=) for the type's. Repeat it for several.",
      valueName: "mcu=part"))
  var part: [ModuleArgument] = []

  private static func unknownThings(_ text: String) throws -> DeviceDoor.UnknownThings {
    guard let choice = DeviceDoor.UnknownThings(rawValue: text) else {
      throw ValidationError("--unknown-things is accept, hold or refuse.")
    }
    return choice
  }

  var isEmpty: Bool { settings == nil && modules == nil }

  /// Nil where none is given.
  var settings: DeviceDoorSettings? {
    guard unknownThings != nil || versionAttribute != nil || trustReports != nil else { return nil }
    return DeviceDoorSettings(
      unknownThings: unknownThings, versionAttribute: versionAttribute, trustsReports: trustReports)
  }

  /// By the names of MCUs; nil where none is given. Of what is given twice, the last counts.
  var modules: [String: ModuleSettings]? {
    let types = Dictionary(moduleType.map { ($0.mcu, $0.value) }, uniquingKeysWith: { $1 })
    let parts = Dictionary(part.map { ($0.mcu, $0.value) }, uniquingKeysWith: { $1 })
    let names = Set(types.keys).union(parts.keys)
    guard !names.isEmpty else { return nil }
    return Dictionary(uniqueKeysWithValues: names.map { ($0, ModuleSettings(moduleType: types[$0], part: parts[$0])) })
  }
}
