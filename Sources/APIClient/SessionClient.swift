public import APIContract
import AsyncHTTPClient
import Foundation
import NIOHTTP1

/// The operators' API by a session, as a browser uses it. Errors are `APIClientError`.
public struct SessionClient: Sendable {
  public let connection: ServerConnection
  /// As it was when the session was opened.
  public let session: OperatorSessionShape
  /// The cookie as it goes back, `name=value`.
  private let cookie: String

  /// Opens a session by an operator's token.
  public static func open(_ connection: ServerConnection, token: String) async throws -> SessionClient {
    var request = connection.request(Endpoints.openOperatorSession, Endpoints.openOperatorSession.path())
    try request.setJSON(NewSession(token: token))
    let response = try await connection.send(request, within: connection.limits.call)
    let body = try await connection.body(of: response)
    guard response.status.code == 201 else { throw connection.refusal(response, body) }
    let session: OperatorSessionShape = try connection.decode(body, of: response)
    guard let cookie = response.headers.first(name: "Set-Cookie")?.split(separator: ";").first else {
      throw APIClientError(.unexpectedAnswer, "\(connection.address) opened a session and set no cookie")
    }
    return SessionClient(connection: connection, session: session, cookie: String(cookie))
  }

  /// The session as it is now.
  public func show() async throws -> OperatorSessionShape {
    try await connection.call(request(Endpoints.showOperatorSession))
  }

  /// Ends it.
  public func end() async throws {
    let response = try await connection.send(request(Endpoints.endOperatorSession), within: connection.limits.call)
    let body = try await connection.body(of: response)
    guard response.status.code == 204 else { throw connection.refusal(response, body) }
  }

  private func request(_ endpoint: Endpoint) -> HTTPClientRequest {
    var request = connection.request(endpoint, endpoint.path())
    request.headers.add(name: "Cookie", value: cookie)
    request.headers.add(name: Endpoints.csrfHeader, value: session.csrf)
    return request
  }
}
