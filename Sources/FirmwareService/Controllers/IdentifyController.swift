import Catalog
public import Domain
import Logging

/// What a device of the DDI door shows to be let in.
public enum ControllerCredentials: Sendable {
  /// The token of its thing.
  case target(String)
  /// The gateway token of its model, by which any device of the model comes.
  case gateway(String)
  /// The common name of its certificate, which was verified against the CA of the devices.
  case certificate(name: String)
}

/// A device that was let in.
public struct ControllerSession: Sendable {
  public let controllerID: String
  let modelID: Int64
  /// Nil while it waits for an operator to admit it.
  let thingID: Int64?

  init(_ controller: Controller) {
    controllerID = controller.controllerID
    modelID = controller.modelID
    thingID = controller.thingID
  }
}

extension FirmwareService {
  /// Lets a device in by its name and what it shows. One that is not known is created, held or refused, as its model says; one
  /// that shows the token of a thing without such a name gives the thing this name.
  /// - Parameter certificate: the common name of the certificate that came with a token, verified; the token of one thing is
  ///   refused beside the certificate of another.
  /// - Throws: `unauthorized`, saying nothing about what is known; the log and the figures say why.
  public func identifyController(
    _ controllerID: String, _ credentials: ControllerCredentials?, beside certificate: String? = nil
  ) async throws -> ControllerSession {
    switch credentials {
    case nil: throw refusal(of: controllerID, "none")
    case .target(let token)?:
      if let certificate, let token = ThingToken(token), try await !admitsCertificate(certificate, beside: token) {
        throw refusal(of: controllerID, "certificateOfAnotherThing")
      }
      return try await identify(controllerID, byTargetToken: token)
    case .gateway(let token)?: return try await identify(controllerID, byGatewayToken: token)
    case .certificate(let name)?: return try await identify(controllerID, certifiedAs: name)
    }
  }

  /// The same of memory alone; nil says nothing.
  func recallController(
    _ controllerID: String, _ credentials: ControllerCredentials, at now: Timestamp
  ) -> (controller: ControllerTable.Known, thing: FleetTable.KnownThing)? {
    guard let known = controllers[controllerID], case let controller = known.controller, !controller.isRetired,
      let thingID = controller.thingID
    else { return nil }
    switch credentials {
    case .target(let text):
      guard let token = ThingToken(text), let thing = fleet.recall(token, at: now), thing.standing.thingID == thingID else {
        return nil
      }
      return (known, thing)
    case .gateway(let text):
      guard controller.takesGatewayToken, identifyGateway(text)?.id == controller.modelID, let thing = fleet.recall(thingID)
      else { return nil }
      return (known, thing)
    case .certificate(let name):
      guard name == controllerID, controller.takesGatewayToken, let thing = fleet.recall(thingID) else { return nil }
      return (known, thing)
    }
  }

  private func identify(_ controllerID: String, byTargetToken text: String) async throws -> ControllerSession {
    let now = clock()
    guard let token = ThingToken(text),
      let thingID = try await translatingErrors({ try await fleet.identify(token, at: now) })
    else {
      // The most frequent mistake of all: the right token by the wrong name.
      throw refusal(of: controllerID, identifyGateway(text) == nil ? "unknownTargetToken" : "gatewayTokenAsTarget")
    }
    let found = try await controller(controllerID)
    if let known = found, known.thingID == thingID { return ControllerSession(known) }
    if found == nil, Self.isControllerID(controllerID), try await isFree(controllerID, for: thingID),
      let named = try await name(thingID, controllerID, boundBy: .target, at: now)
    {
      return ControllerSession(named)
    }
    throw refusal(of: controllerID, "tokenOfAnotherThing")
  }

  private func identify(_ controllerID: String, byGatewayToken text: String) async throws -> ControllerSession {
    let now = clock()
    guard let model = identifyGateway(text) else {
      let isThings =
        if let token = ThingToken(text) {
          try await translatingErrors { try await fleet.identify(token, at: now) } != nil
        } else {
          false
        }
      throw refusal(of: controllerID, isThings ? "targetTokenAsGateway" : "unknownGatewayToken")
    }
    if let known = try await controller(controllerID) {
      guard known.modelID == model.id else { throw refusal(of: controllerID, "controllerOfAnotherModel") }
      guard !known.isRetired else { throw refusal(of: controllerID, "retired") }
      guard known.takesGatewayToken else { throw refusal(of: controllerID, "nameOfATargetToken") }
      if known.thingID != nil || model.deviceDoor.unknownThings != .accept { return ControllerSession(known) }
    }
    guard Self.isControllerID(controllerID) else { throw refusal(of: controllerID, "malformedId") }
    return try await admit(controllerID, to: model, at: now)
  }

  /// A certificate says a name and no model, so that it makes no new thing.
  private func identify(_ controllerID: String, certifiedAs name: String) async throws -> ControllerSession {
    guard name == controllerID else { throw refusal(of: controllerID, "certificateOfAnotherName") }
    if let known = try await controller(controllerID) {
      guard !known.isRetired else { throw refusal(of: controllerID, "retired") }
      guard known.takesGatewayToken else { throw refusal(of: controllerID, "nameOfATargetToken") }
      return ControllerSession(known)
    }
    // A thing that came by another door, and has its own id on its certificate.
    guard Self.isControllerID(controllerID),
      let thing = try await translatingErrors({ try await catalog.thing(publicID: controllerID) }), thing.retiredAt == nil,
      let named = try await self.name(thing.id, controllerID, boundBy: .operator, at: clock())
    else { throw refusal(of: controllerID, "unknownCertificate") }
    return ControllerSession(named)
  }

  /// Refuses the token of one thing beside the certificate of another. A certificate whose name no thing has says nothing.
  /// - Parameter name: the common name of the certificate, verified.
  /// - Throws: `forbidden`.
  public func checkCertificate(_ name: String, beside token: ThingToken) async throws {
    if try await admitsCertificate(name, beside: token) { return }
    figures.count(refusedController: "certificateOfAnotherThing")
    log.info("a thing's token came with the certificate of another thing", metadata: ["certificate": "\(name.prefix(80))"])
    throw ServiceError(.forbidden, "the certificate of this connection is another thing's")
  }

  /// Whether the token of a thing may be shown beside a certificate: it is that thing's own, or no thing's.
  /// - Parameter name: as above. Nothing is counted or told.
  public func admitsCertificate(_ name: String, beside token: ThingToken) async throws -> Bool {
    let now = clock()
    guard let thingID = try await translatingErrors({ try await fleet.identify(token, at: now) }),
      let owner = try await thing(certifiedAs: name)
    else { return true }
    return owner == thingID
  }

  /// The thing that a certificate speaks for; nil where there is none.
  private func thing(certifiedAs name: String) async throws -> Int64? {
    if let known = try await controller(name) { return known.takesGatewayToken ? known.thingID : nil }
    return try await translatingErrors { try await catalog.thing(publicID: name) }?.id
  }

  /// A device with the gateway token of its model that is not known yet.
  private func admit(_ controllerID: String, to model: Model, at now: Timestamp) async throws -> ControllerSession {
    // A thing that came by another door under this very id.
    if let thing = try await translatingErrors({ try await catalog.thing(publicID: controllerID) }) {
      guard thing.modelID == model.id, thing.retiredAt == nil,
        let named = try await name(thing.id, controllerID, boundBy: .gateway, at: now)
      else { throw refusal(of: controllerID, "thingOfAnotherModel") }
      return ControllerSession(named)
    }
    switch model.deviceDoor.unknownThings {
    case .refuse: throw refusal(of: controllerID, "unknownController")
    case .hold: try await letWait(controllerID, of: model, at: now)
    case .accept:
      try takeNewThing(of: model, at: now)
      try await createThing(ofController: controllerID, model, at: now, audit: nil)
    }
    guard let known = try await controller(controllerID), known.modelID == model.id else {
      throw refusal(of: controllerID, "controllerOfAnotherModel")
    }
    return ControllerSession(known)
  }

  /// Whether no other thing has this as its id.
  private func isFree(_ controllerID: String, for thingID: Int64) async throws -> Bool {
    try await translatingErrors { try await catalog.thing(publicID: controllerID) }.map { $0.id == thingID } ?? true
  }

  /// - Returns: nil where the name is another's, or the thing has another name.
  private func name(
    _ thingID: Int64, _ controllerID: String, boundBy: Controller.Binding, at now: Timestamp
  ) async throws -> Controller? {
    let controller = try await translatingErrors {
      try await catalog.nameController(controllerID, thingID: thingID, boundBy: boundBy, at: now) { [controllers] in
        controllers.replace($0)
      }
    }
    guard let controller, controller.thingID == thingID else { return nil }
    // Rules may ask for the name.
    fleet.forgetFacts(of: thingID)
    return controller
  }

  /// Makes the thing of a controller.
  @discardableResult func createThing(
    ofController controllerID: String, _ model: Model, at now: Timestamp, audit: AuditEntry?
  ) async throws -> Controller? {
    let (_, stored) = newToken()
    let thing = NewThing(publicID: Identifiers.thing(), modelID: model.id, token: stored)
    let (controller, isNew) = try await translatingErrors {
      try await catalog.createThing(thing, ofController: controllerID, at: now, audit: audit) { [controllers] in
        controllers.replace($0.controller)
      }
    }
    if isNew { countThings(1) }
    return controller
  }

  func controller(_ controllerID: String) async throws -> Controller? {
    try await translatingErrors {
      try await controllers.find(controllerID) { try await catalog.controller(controllerID) }
    }
  }

  private static func isControllerID(_ text: String) -> Bool {
    (1...Controller.longestID).contains(text.unicodeScalars.count)
      && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  private func refusal(of controllerID: String, _ reason: String) -> ServiceError {
    figures.count(refusedController: reason)
    log.info("a controller was refused", metadata: ["controller": "\(controllerID.prefix(80))", "reason": "\(reason)"])
    return ServiceError(.unauthorized, "no valid authentication")
  }
}
