import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Tags of a thing (wire page, sections 3.7 and 6).
struct TagRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.addTags, add)
    table.on(Endpoints.listTags, list)
    table.on(Endpoints.removeTag, remove)
  }

  @Sendable func add(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let names = try Self.names(in: try await request.thingShape(JSONValue.self, settings))
    let tags = try await service.addTags(names, to: thing).map { TagShape(_id: $0.publicID, name: $0.name) }
    let message = tags.count == 1 ? "tag added" : "tags added"
    return try .json(
      TagsAdded(status: "created", message: message, tag: tags[0], tags: tags.count == 1 ? nil : tags), status: .created)
  }

  /// `{"tag":"x"}`, `{"name":"x"}`, `{"tags":["x","y"]}` or an array.
  private static func names(in body: JSONValue) throws -> [String] {
    if body.text != nil { throw APIError.malformed("tag: an object or a list is needed") }
    let given = body["tag"] ?? body["name"] ?? body["tags"] ?? body
    let list: [JSONValue] = if case .array(let several) = given { several } else { [given] }
    return try list.map { name in
      guard let text = name.text else { throw APIError.malformed("tag: a text is needed") }
      return text
    }
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let tags = try await service.listTags(of: thing).map { TagShape(_id: $0.publicID, name: $0.name) }
    return try .json(TagList(status: "success", tags: tags))
  }

  @Sendable func remove(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    try await service.removeTag(try context.parameter("tag"), of: thing)
    return .success("tag deleted")
  }
}
