import Catalog
public import Domain

extension FirmwareService {
  /// Controllers by name.
  /// - Parameter waitingOnly: those alone that came with the gateway token of a model that holds unknown ones, and wait.
  /// - Throws: `unknownModel`.
  public func listControllers(
    model name: String?, waitingOnly: Bool, within scope: ModelScope = .all, _ page: PageRequest
  ) async throws -> Page<Controller> {
    let modelID = try name.map { try model($0).id }
    let found = try await translatingErrors {
      try await catalog.controllers(
        waitingOnly: waitingOnly, modelID: modelID, of: modelIDs(in: scope), after: page.after, limit: page.limit + 1)
    }
    let entries = Array(found.prefix(page.limit))
    return Page(entries, next: found.count > page.limit ? entries.last?.controllerID : nil)
  }

  /// Makes a thing of a controller that waits. The same again is a success that changes nothing.
  /// - Returns: the thing.
  /// - Throws: `unknownThing`.
  public func admitController(_ controllerID: String, by actor: String) async throws -> ThingReport {
    let now = clock()
    let audit = AuditEntry(at: now, actor: actor, action: "controller.admit", subject: controllerID)
    guard let known = try await controller(controllerID), let model = releases.snapshot.modelsByID[known.modelID],
      let thing = try await createThing(ofController: controllerID, model, at: now, audit: audit)?.thing
    else { throw ServiceError(.unknownThing, "no controller \(controllerID) has come") }
    return try await showThing(thing)
  }

  /// Forgets a controller: it is met as an unknown one when it comes again. The thing of one that has a thing stays and loses
  /// the name; what it was told of and has not ended is cancelled.
  /// - Returns: what it was.
  /// - Throws: `unknownThing`.
  public func refuseController(_ controllerID: String, by actor: String) async throws -> Controller {
    let now = clock()
    let audit = AuditEntry(at: now, actor: actor, action: "controller.refuse", subject: controllerID)
    let refused = try await translatingErrors {
      try await catalog.refuseController(controllerID, at: now, audit: audit) { [controllers] _ in
        controllers.forget(controllerID)
      }
    }
    guard let refused else { throw ServiceError(.unknownThing, "no controller \(controllerID) has come") }
    // Rules may ask for the name.
    if let thingID = refused.thingID { fleet.forgetFacts(of: thingID) }
    return refused
  }

  /// Forgets all controllers of a model that wait; each waits again when it comes again.
  /// - Returns: how many.
  /// - Throws: `unknownModel`.
  public func refuseControllers(ofModel name: String, by actor: String) async throws -> Int {
    let modelID = try model(name).id
    let audit = AuditEntry(at: clock(), actor: actor, action: "controller.refuseAll", subject: name)
    return try await translatingErrors {
      try await catalog.refuseControllers(ofModel: modelID, audit: audit) { [controllers] names in
        for name in names { controllers.forget(name) }
      }.count
    }
  }
}
