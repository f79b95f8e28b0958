/// An operator in a browser: a cookie in place of the token in each request.
extension Endpoints {
  /// The cookie's name.
  public static let sessionCookie = "firmament-session"
  /// What the cookie is sent to.
  public static let cookiePath = "/api/v1"
  /// The header in which a change by cookie shows what only a page of this service can know.
  public static let csrfHeader = "X-CSRF-Token"

  public static let openOperatorSession = Endpoint(
    id: "openOperatorSession", method: .post, template: "/api/v1/session", access: .anyone,
    summary: "Open a session by an operator's token: the answer sets a cookie that opens what the token opens", query: [],
    request: .body(NewSession.self),
    answers: [.json(201, OperatorSessionShape.self)] + problems([400, 401, 403, 413, 415, 429, 503, 507]))
  public static let showOperatorSession = Endpoint(
    id: "showOperatorSession", method: .get, template: "/api/v1/session", access: .operatorSessions,
    summary: "Whose session the cookie is of, and what changes by it have to show", query: [], request: nil,
    answers: [.json(200, OperatorSessionShape.self)] + problems([401]))
  public static let endOperatorSession = Endpoint(
    id: "endOperatorSession", method: .delete, template: "/api/v1/session", access: .operatorSessions,
    summary: "End the session of the cookie at once", query: [], request: nil,
    answers: [.empty(204, "It has ended")] + problems([401, 403, 503, 507]))

  static let sessions = [openOperatorSession, showOperatorSession, endOperatorSession]

  private static func problems(_ statuses: [Int]) -> [Endpoint.Answer] { statuses.map { .problem($0) } }
}
