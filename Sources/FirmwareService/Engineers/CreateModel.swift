import Catalog
public import Domain

extension FirmwareService {
  /// The most MCUs of a model.
  public static let mostMCUs = 16

  /// Creates a model. The same again is a success that changes nothing.
  /// - Throws: `malformed`, or `exists` when there is one of that name with other MCUs or settings.
  /// - Parameters:
  ///   - fourEyes: whether publishing needs a second operator; where nil, not, or as it is.
  ///   - pollInterval: seconds; where nil, 300, or as it is.
  ///   - deviceDoor: how its devices come in by DDI; where nil, as the standard is, or as it is.
  ///   - modules: how MCUs are named to devices, by their names; the same.
  public func createModel(
    name: String, mcus: [String], numericVersions: Bool, confirmWithin: Int64?, fourEyes: Bool? = nil,
    pollInterval: Int64? = nil, deviceDoor: DeviceDoorChange = .none, modules: [String: ModuleChange] = [:],
    within scope: ModelScope = .all, by actor: String
  ) async throws -> (model: Model, isNew: Bool) {
    let now = clock()
    try Self.require(name, in: scope)
    let confirmWithin = confirmWithin ?? Model.defaultConfirmWithin
    try Self.checkNames(model: name, mcus: mcus)
    guard (1...31_536_000).contains(confirmWithin) else {
      throw ServiceError(.malformed, "confirmWithin: 1 second to 1 year is needed")
    }
    try Self.check(pollInterval: pollInterval)
    try Self.check(deviceDoor, modules)
    try Self.check(modules, areOf: mcus)
    // Texts that Unicode calls equal look the same, and are the same name here, whatever their bytes are.
    if let same = releases.snapshot.modelsByName[name], !same.name.utf8.elementsEqual(name.utf8) {
      throw ServiceError(.exists, "there is a model \(same.name) already, spelled with other code points")
    }
    let audit = AuditEntry(
      at: now, actor: actor, action: "model.create", subject: name, details: ["mcus": mcus.joined(separator: ", ")])
    do {
      try await catalog.createModel(
        name: name, mcus: mcus, numericVersions: numericVersions, confirmWithin: confirmWithin, fourEyes: fourEyes ?? false,
        pollInterval: pollInterval ?? Model.defaultPollInterval, deviceDoor: deviceDoor.applied(to: .standard),
        modules: modules, at: now, audit: audit)
    } catch let error as CatalogError where error.code == .exists {
      let known = try model(name)
      guard known.mcus.map(\.name) == mcus, known.numericVersions == numericVersions,
        known.confirmWithin == confirmWithin, fourEyes ?? known.fourEyes == known.fourEyes,
        pollInterval ?? known.pollInterval == known.pollInterval, deviceDoor.applied(to: known.deviceDoor) == known.deviceDoor,
        known.mcus.allSatisfy({ modules[$0.name]?.applied(to: $0) ?? $0 == $0 })
      else {
        throw ServiceError(.exists, "there is a model \(name) already, with other MCUs or settings")
      }
      return (known, false)
    } catch {
      throw ServiceError.translated(error)
    }
    try await reloadReleases()
    return (try model(name), true)
  }

  private static func checkNames(model: String, mcus: [String]) throws {
    guard PrintableText.isName(model) else {
      throw ServiceError(.malformed, "name: 1 to \(PrintableText.longest) printable characters are needed")
    }
    guard (1...mostMCUs).contains(mcus.count) else { throw ServiceError(.malformed, "mcus: 1 to \(mostMCUs) are needed") }
    guard mcus.allSatisfy(PrintableText.isName) else {
      throw ServiceError(.malformed, "mcus: 1 to \(PrintableText.longest) printable characters each are needed")
    }
    guard Set(mcus).count == mcus.count else { throw ServiceError(.malformed, "mcus: a name stands there twice") }
  }

  /// - Throws: `unknownModel`.
  public func model(_ name: String) throws -> Model {
    guard let model = releases.snapshot.modelsByName[name] else {
      throw ServiceError(.unknownModel, "there is no model \(name)")
    }
    return model
  }

  /// Models by name.
  public func listModels(within scope: ModelScope = .all, _ page: PageRequest) -> Page<Model> {
    let found = releases.snapshot.models.filter { model in
      scope.contains(model.name) && page.after.map { model.name > $0 } ?? true
    }
    let entries = Array(found.prefix(page.limit))
    return Page(entries, next: found.count > page.limit ? entries.last?.name : nil)
  }

  /// The largest sequence registered for an MCU; 0 when there is none.
  public func newestSequence(of mcu: MCU) -> Int64 { releases.snapshot.newestSequence[mcu.id] ?? 0 }

  /// The name of a model by its row id.
  public func modelName(_ id: Int64) -> String { releases.snapshot.modelsByID[id]?.name ?? "" }
}
