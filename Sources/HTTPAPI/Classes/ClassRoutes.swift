import APIContract
import Domain
import FirmwareService
import Hummingbird

/// The users' object store (wire page, section 4.8).
struct ClassRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.createObject) { request, context in try await create(request, context, key: nil) }
    table.on(Endpoints.createObjectByKey) { request, context in
      try await create(request, context, key: try context.parameter("key"))
    }
    table.on(Endpoints.listObjects, list)
    table.on(Endpoints.readObject, read)
    table.on(Endpoints.updateObject) { request, context in
      try await update(request, context, collection: try context.parameter("collection"))
    }
    table.on(Endpoints.updateObjectByOldPath) { request, context in
      try await update(request, context, collection: try context.parameter("token"))
    }
    table.on(Endpoints.deleteObject, delete)
    table.on(Endpoints.deleteCollection, deleteCollection)
  }

  private func create(_ request: Request, _ context: APIContext, key: String?) async throws -> Response {
    let object = try await request.thingShape(JSONValue.self, settings)
    let key = try await service.createObject(
      object, key: key, in: try context.parameter("collection"), of: try context.user)
    return .jsonBytes(Array("{\"status\":\"created\",\"_id\":\(JSONText.quoted(key))}".utf8), status: .created)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    if request.wantsStream {
      let plan = try service.subscribeCollection(try context.parameter("collection"), by: try context.user)
      return try StreamOpener(service: service, settings: settings).open(plan, for: request, context)
    }
    let objects = try await service.listObjects(
      in: try context.parameter("collection"), before: request.query("before"), limit: try request.number("limit"),
      of: try context.user)
    return .jsonBytes(Array("[\(objects.joined(separator: ","))]".utf8))
  }

  @Sendable func read(_ request: Request, _ context: APIContext) async throws -> Response {
    let object = try await service.readObject(
      try context.parameter("key"), in: try context.parameter("collection"), of: try context.user)
    return .jsonBytes(Array(object.utf8))
  }

  private func update(_ request: Request, _ context: APIContext, collection: String) async throws -> Response {
    let patch = try await request.thingShape(JSONValue.self, settings)
    try await service.updateObject(try context.parameter("key"), in: collection, with: patch, of: try context.user)
    return Self.done
  }

  @Sendable func delete(_ request: Request, _ context: APIContext) async throws -> Response {
    try await service.deleteObject(
      try context.parameter("key"), in: try context.parameter("collection"), of: try context.user)
    return Self.done
  }

  @Sendable func deleteCollection(_ request: Request, _ context: APIContext) async throws -> Response {
    try await service.deleteCollection(try context.parameter("collection"), of: try context.user)
    return Self.done
  }

  private static var done: Response { .jsonBytes(Array("{\"status\":\"success\"}".utf8)) }
}
