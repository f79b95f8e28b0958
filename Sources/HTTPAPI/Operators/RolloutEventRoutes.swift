import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `GET /api/v1/rollouts/R/events`: an operator listens to what happens to a rollout, by server-sent events.
struct RolloutEventRoutes: Sendable {
  /// Events that are read at once.
  private static let pageSize = 100

  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) { table.on(Endpoints.listenToRollout, listen) }

  @Sendable func listen(_ request: Request, _ context: APIContext) async throws -> Response {
    let rollout = try context.parameter("rollout")
    let listening = try await service.listen(
      toRollout: rollout, after: try after(request), by: try context.callerCredential)
    let replay = LiveReplay(after: listening.after) { [service] after in
      try await service.rolloutEvents(of: rollout, after: after, limit: Self.pageSize).map { event in
        LiveReplay.Entry(number: event.id, message: RolloutEventText.serverSent(event))
      }
    }
    return try await StreamOpener(service: service, settings: settings).open(listening.plan, replay, for: request, context)
  }

  /// The number of the last event that the client knows. A client that comes back says it in the header, with the query of the
  /// first time, so that the header counts.
  private func after(_ request: Request) throws -> Int64? {
    for (name, text) in [("Last-Event-ID", request.headers[.lastEventID]), ("after", request.query("after"))] {
      guard let text, !text.isEmpty else { continue }
      guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(text) else {
        throw APIError.malformed("\(name): is no id of an event")
      }
      return number
    }
    return nil
  }
}

extension HTTPField.Name {
  static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
