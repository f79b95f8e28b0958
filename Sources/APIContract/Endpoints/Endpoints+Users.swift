import Domain

/// Accounts: what users do by a session (wire page, sections 4.1 and 4.6), and what operators do with apps and users.
extension Endpoints {
  public static let register = account(
    "register", "/v2/register", "Make an account in an app and log in", 201, errors: [400, 403, 409, 413, 415, 429, 503])
  public static let registerInApp = account(
    "registerInApp", "/v2/apps/{app}/register", "The same, with the app in the path", 201,
    errors: [400, 403, 409, 413, 415, 429, 503])
  public static let logIn = account(
    "logIn", "/v2/login", "Log in: the answer has the session's token", 200, errors: [400, 401, 403, 413, 415, 429, 503])
  public static let showSession = ofUsers(
    "showSession", .get, "/v2", "Whether the session is valid", .json(200, DoneShape.self))

  public static let changePassword = ofUsers(
    "changePassword", .put, "/v2/me", "Change the password; this ends the user's other sessions",
    request: .body(PasswordChange.self), .json(200, DoneShape.self), errors: [400, 413, 415, 429, 503])

  public static let readSettings = ofUsers(
    "readSettings", .get, "/v2/me/settings", "The user's settings: a JSON object", .json(200, JSONValue.self))
  public static let changeSettings = ofUsers(
    "changeSettings", .put, "/v2/me/settings",
    "Merge into the settings (RFC 7396: null deletes); `password` changes the password and ends the user's other sessions",
    request: .body([String: JSONValue].self), .json(200, DoneShape.self), errors: [400, 413, 415, 429, 503])

  static let users = [register, registerInApp, logIn, showSession, changePassword, readSettings, changeSettings]

  public static let createApp = Endpoint.operators(
    "createApp", .post, "/api/v1/apps", "Create an app for users to register in; again is a success",
    request: .body(NewApp.self), 201, answers: AppShape.self, also: [.json(200, AppShape.self, "It was created already")])
  public static let listApps = Endpoint.operators(
    "listApps", .get, "/api/v1/apps", "Apps, newest first", query: .page, answers: AppList.self)
  public static let listUsers = Endpoint.operators(
    "listUsers", .get, "/api/v1/users", "Users of apps, newest first", query: [.text("app", "Only this app's")] + .page,
    answers: UserList.self)
  public static let endSessions = Endpoint.operators(
    "endSessions", .delete, "/api/v1/users/{user}/sessions", "End all sessions of a user at once", answers: EndedSessions.self,
    problems: [404])

  static let accounts = [createApp, listApps, listUsers, endSessions]

  /// An endpoint for users: `Authorization: SESSION_TOKEN`, and 401 without a valid one.
  static func ofUsers(
    _ id: String, _ method: Endpoint.Method, _ template: String, _ summary: String, query: [Endpoint.Query] = [],
    request: Endpoint.Answer? = nil, _ answer: Endpoint.Answer, also: [Endpoint.Answer] = [], errors: [Int] = []
  ) -> Endpoint {
    Endpoint(
      id: id, method: method, template: template, access: .users, summary: summary, query: query, request: request,
      answers: [answer] + also + ([401] + errors).map { .json($0, ThingAPIError.self, "The error") })
  }

  private static func account(
    _ id: String, _ template: String, _ summary: String, _ status: Int, errors: [Int]
  ) -> Endpoint {
    Endpoint(
      id: id, method: .post, template: template, access: .anyone, summary: summary, query: [],
      request: .body(Credentials.self),
      answers: [.json(status, SessionShape.self)] + errors.map { .json($0, ThingAPIError.self, "The error") })
  }
}
