import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// What operators see of things and do to them.
struct ThingCareRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.listThings, list)
    table.on(Endpoints.showThing, show)
    table.on(Endpoints.showThingToken, showToken)
    table.on(Endpoints.rotateThingToken, rotateToken)
    table.on(Endpoints.resetThing, reset)
    table.on(Endpoints.retireThing, retire)
    table.on(Endpoints.retryThing, retry)
    table.on(Endpoints.importThings, importThings)
    table.on(Endpoints.allowLink, allowLink)
    table.on(Endpoints.endLink, endLink)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    var search = ThingSearch()
    search.id = request.query("id")
    search.tag = request.query("tag")
    search.expression = request.query("where")
    search.silentFor = try request.number("silentFor").map(Int64.init)
    search.running = request.query("running")
    let page = try await service.listThings(
      model: request.query("model"), matching: search, within: context.scope, try request.page)
    let things = page.entries.map { listed in
      let thing = listed.thing
      return ThingSummary(
        id: thing.publicID, model: service.modelName(thing.modelID), createdAt: thing.createdAt,
        activatedAt: thing.activatedAt, lastSeenAt: thing.lastSeenAt, retiredAt: thing.retiredAt,
        controllerId: thing.controllerID, tags: listed.tags, running: listed.running)
    }
    return try .json(ThingList(things: things, next: PageCursor(page.next)))
  }

  @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(ThingShape(try await service.showThing(try context.parameter("thing"))))
  }

  @Sendable func showToken(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try await service.thingID(named: try context.parameter("thing"))
    let token = try await service.readToken(of: id, by: context.operatorName)
    return try .json(ThingTokenShape(id: id, token: token.secret))
  }

  @Sendable func rotateToken(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try await service.thingID(named: try context.parameter("thing"))
    let rotation = try await request.shape(TokenRotation.self, settings)
    let (token, until) = try await service.rotateToken(
      of: id, overlap: rotation.overlap.map(Int64.init), by: context.operatorName)
    return try .json(ThingTokenShape(id: id, token: token.secret, previousExpiresAt: until), status: .created)
  }

  @Sendable func reset(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try await service.thingID(named: try context.parameter("thing"))
    return try .json(ThingResetShape(id: id, code: try await service.resetThing(id, by: context.operatorName)))
  }

  @Sendable func retire(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try await service.thingID(named: try context.parameter("thing"))
    try await service.retireThing(id, by: context.operatorName)
    return try .json(ThingShape(try await service.showThing(id)))
  }

  @Sendable func retry(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try await service.thingID(named: try context.parameter("thing"))
    try await service.retryThing(id, mcu: request.query("mcu"), by: context.operatorName)
    return try .json(ThingShape(try await service.showThing(id)))
  }

  @Sendable func allowLink(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try await service.thingID(named: try context.parameter("thing"))
    let allowance = try await request.shape(LinkAllowance.self, settings)
    let until = try await service.allowLink(of: id, allowance.allow, by: context.operatorName)
    return try .json(LinkAllowanceShape(id: id, allowedUntil: until))
  }

  @Sendable func endLink(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try await service.thingID(named: try context.parameter("thing"))
    try await service.unlinkThing(id, by: context.operatorName)
    return try .json(ThingShape(try await service.showThing(id)))
  }

  @Sendable func importThings(_ request: Request, _ context: APIContext) async throws -> Response {
    let list = try await request.shape(ThingImport.self, settings)
    let things = list.things.map { ForeignThing(token: $0.token, model: $0.model, id: $0.id) }
    let (imported, unchanged) = try await service.importThings(things, within: context.scope, by: context.operatorName)
    return try .json(ThingImportShape(imported: imported, unchanged: unchanged))
  }
}

extension ThingShape {
  init(_ report: ThingReport) {
    let thing = report.thing
    self.init(
      id: thing.publicID, model: report.model.name, createdAt: thing.createdAt, activatedAt: thing.activatedAt,
      lastSeenAt: thing.lastSeenAt, retiredAt: thing.retiredAt, owner: report.owner, tags: report.tags.map(\.name),
      mcus: report.mcus.map { RunningVersion($0) }, controllerId: thing.controllerID)
  }
}

extension RunningVersion {
  init(_ report: MCUReport) {
    self.init(
      mcu: report.mcu.name, version: report.standing?.running, boot: report.standing?.boot,
      reportedAt: report.standing?.reportedAt, firmware: InstallationShape(report), offer: report.offer?.text,
      reason: report.reason, explanation: report.explanation)
  }
}

extension InstallationShape {
  init?(_ report: MCUReport) {
    guard let firmware = report.firmware, let installation = report.installation else { return nil }
    self.init(
      id: firmware.publicID, version: firmware.version.text, state: installation.state, since: installation.since,
      code: installation.code, message: installation.message, bytesServed: installation.bytesServed)
  }
}
