import Domain
import HTTPTypes
import Testing

@testable import HTTPAPI

/// An operator in a browser: the cookie, and what the page was told.
struct BrowserSession: Sendable {
  static let path = "/api/v1/session"

  let cookie: String
  let csrf: String

  /// The headers of a read, and those of a change.
  var reading: HTTPFields { [.cookie: "firmament-session=\(cookie)"] }
  var changing: HTTPFields { [.cookie: "firmament-session=\(cookie)", .csrfToken: csrf] }

  init(_ answer: Answer) throws {
    let setting = try #require(answer.headers[.setCookie], "\(answer.text)")
    let value = try #require(setting.split(separator: ";").first?.split(separator: "=").last)
    cookie = String(value)
    csrf = try #require(try answer.json()["csrf"]?.text)
  }
}

extension FrontDoor {
  /// Logs in with an operator's token.
  func logIn(_ token: String = TestService.token, _ headers: HTTPFields = [:]) async throws -> Answer {
    var headers = headers
    headers[.contentType] = headers[.contentType] ?? "application/json"
    return try await send(.post, BrowserSession.path, headers, body: Array(#"{"token":"\#(token)"}"#.utf8))
  }

  func openSession(_ token: String = TestService.token) async throws -> BrowserSession {
    try BrowserSession(try await logIn(token))
  }
}
