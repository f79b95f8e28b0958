import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Models and the keys they trust.
struct ModelRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.createModel, create)
    table.on(Endpoints.listModels, list)
    table.on(Endpoints.showModel, show)
    table.on(Endpoints.setModel, setModel)
    table.on(Endpoints.setRetention, setRetention)
    table.on(Endpoints.trustKey, trust)
    table.on(Endpoints.listKeys, listKeys)
    table.on(Endpoints.revokeKey, revoke)
    table.on(Endpoints.gatewayToken, gatewayToken)
  }

  @Sendable func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(NewModel.self, settings)
    let (model, isNew) = try await service.createModel(
      name: new.name, mcus: new.mcus, numericVersions: new.numericVersions ?? false,
      confirmWithin: new.confirmWithin.map(Int64.init), fourEyes: new.fourEyes,
      pollInterval: new.pollInterval.map(Int64.init), deviceDoor: DeviceDoorChange(new.deviceDoor),
      modules: (new.modules ?? [:]).mapValues { ModuleChange($0) }, within: context.scope, by: context.operatorName)
    return try .json(shape(model), status: isNew ? .created : .ok)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = service.listModels(within: context.scope, try request.page)
    return try .json(ModelList(models: page.entries.map(shape), next: PageCursor(page.next)))
  }

  @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(shape(try service.model(try context.parameter("model"))))
  }

  @Sendable func setModel(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(ModelSettings.self, settings)
    let model = try await service.setModel(
      try context.parameter("model"), fourEyes: new.fourEyes, pollInterval: new.pollInterval.map(Int64.init),
      deviceDoor: DeviceDoorChange(new.deviceDoor), modules: (new.modules ?? [:]).mapValues { ModuleChange($0) },
      by: context.operatorName)
    return try .json(shape(model))
  }

  @Sendable func setRetention(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(RetentionShape.self, settings)
    let retention = Retention(values: new.values, seconds: new.age.map(Int64.init))
    return try .json(
      shape(try await service.setRetention(retention, of: try context.parameter("model"), by: context.operatorName)))
  }

  @Sendable func trust(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(NewTrustedKey.self, settings)
    let (key, isNew) = try await service.trustKey(
      pem: new.pem, name: new.name, for: try context.parameter("model"), by: context.operatorName)
    return try .json(TrustedKeyShape(key), status: isNew ? .created : .ok)
  }

  @Sendable func listKeys(_ request: Request, _ context: APIContext) async throws -> Response {
    let keys = try await service.listKeys(of: try context.parameter("model"))
    return try .json(TrustedKeyList(keys: keys.map { TrustedKeyShape($0) }, next: PageCursor(nil)))
  }

  @Sendable func revoke(_ request: Request, _ context: APIContext) async throws -> Response {
    let key = try await service.revokeKey(
      try context.parameter("key"), of: try context.parameter("model"), by: context.operatorName)
    return try .json(TrustedKeyShape(key))
  }

  @Sendable func gatewayToken(_ request: Request, _ context: APIContext) async throws -> Response {
    let asked = try await request.shape(GatewayTokenRequest.self, settings)
    let (token, until) = try await service.gatewayToken(
      ofModel: try context.parameter("model"), rotate: asked.rotate ?? false, overlap: asked.overlap.map(Int64.init),
      by: context.operatorName)
    return try .json(GatewayTokenShape(token: token, previousExpiresAt: until))
  }

  private func shape(_ model: Model) -> ModelShape {
    ModelShape(
      name: model.name,
      mcus: model.mcus.map { mcu in
        MCUShape(
          name: mcu.name, newestSequence: service.newestSequence(of: mcu), moduleType: mcu.moduleType, part: mcu.part)
      },
      numericVersions: model.numericVersions, confirmWithin: Int(model.confirmWithin), createdAt: model.createdAt,
      retention: RetentionShape(values: model.retention.values, age: model.retention.seconds.map(Int.init)),
      fourEyes: model.fourEyes, pollInterval: Int(model.pollInterval),
      deviceDoor: DeviceDoorShape(
        unknownThings: model.deviceDoor.unknownThings, versionAttribute: model.deviceDoor.versionAttribute,
        trustsReports: model.deviceDoor.trustsReports))
  }
}

extension DeviceDoorChange {
  init(_ settings: DeviceDoorSettings?) {
    self.init(
      unknownThings: settings?.unknownThings, versionAttribute: settings?.versionAttribute,
      trustsReports: settings?.trustsReports)
  }
}

extension ModuleChange {
  init(_ settings: ModuleSettings) { self.init(moduleType: settings.moduleType, part: settings.part) }
}

extension TrustedKeyShape {
  init(_ key: TrustedKey) {
    self.init(
      id: key.keyID, algorithm: key.algorithm, name: key.name, pem: key.pem, addedAt: key.addedAt, revokedAt: key.revokedAt)
  }
}

extension Request {
  /// The body as a shape of the operators' API.
  func shape<Shape: Decodable>(_ shape: Shape.Type, _ settings: APISettings) async throws -> Shape {
    try JSONText.decode(
      shape, from: try await bytes(upTo: settings.largestOperatorBody), deepest: settings.deepestJSON)
  }

  /// The page of a list that is asked for.
  var page: PageRequest {
    get throws { PageRequest(limit: try number("limit"), after: query("after")) }
  }
}
