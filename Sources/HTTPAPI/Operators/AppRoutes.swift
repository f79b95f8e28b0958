import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Apps and their users, as operators see them.
struct AppRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.createApp, createApp)
    table.on(Endpoints.listApps, listApps)
    table.on(Endpoints.listUsers, listUsers)
    table.on(Endpoints.endSessions, endSessions)
  }

  @Sendable func createApp(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(NewApp.self, settings)
    let (app, isNew) = try await service.createApp(new.name, by: context.operatorName)
    return try .json(AppShape(app), status: isNew ? .created : .ok)
  }

  @Sendable func listApps(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listApps(try request.page)
    return try .json(AppList(apps: page.entries.map { AppShape($0) }, next: PageCursor(page.next)))
  }

  @Sendable func listUsers(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listUsers(app: request.query("app"), try request.page)
    let users = page.entries.map { entry in
      UserShape(
        id: entry.user.publicID, app: entry.user.app, email: entry.user.email, createdAt: entry.user.createdAt,
        sessions: entry.sessions)
    }
    return try .json(UserList(users: users, next: PageCursor(page.next)))
  }

  @Sendable func endSessions(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try context.parameter("user")
    return try .json(EndedSessions(id: id, ended: try await service.endSessions(of: id, by: context.operatorName)))
  }
}

extension AppShape {
  init(_ app: App) { self.init(name: app.name, createdAt: app.createdAt, declaredAt: app.declaredAt) }
}
