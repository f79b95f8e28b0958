extension Endpoints {
  public static let showStatus = Endpoint.operators(
    "showStatus", .get, "/api/v1/status", "Per model, MCU and version: how many things are in each state now",
    query: [.text("model", "Only this model's")], answers: StatusShape.self, problems: [404])
  public static let showFleet = Endpoint.operators(
    "showFleet", .get, "/api/v1/fleet", "Per model: how many things there are, were seen and are silent, and what they run",
    query: [
      .text("model", "Only this model's"),
      .init(name: "silentFor", summary: "Seconds after which a thing is silent; a day by default", schema: .integer),
    ], answers: FleetShape.self, problems: [404])
  public static let listAudit = Endpoint.operators(
    "listAudit", .get, "/api/v1/audit", "What operators did, newest first",
    query: [
      .text("subject", "Only what was done to exactly this"), .text("actor", "Only what this operator did"),
      .text("action", "Only deeds of this name, such as `thing.retire`"),
    ] + .page, answers: AuditList.self)
  public static let verifyStore = Endpoint.operators(
    "verifyStore", .post, "/api/v1/store/verification", "Hash every image again and check every row against it",
    isChange: false, answers: VerificationShape.self)

  static let store = [showStatus, showFleet, listAudit, verifyStore]

  public static let health = open("health", "/healthz", "The process answers", .bytes(200, "ok", "text/plain"))
  public static let readiness = Endpoint(
    id: "readiness", method: .get, template: "/readyz", access: .anyone, summary: "The store is open and requests are served",
    query: [], request: nil, answers: [.bytes(200, "ready", "text/plain"), .bytes(503, "not ready", "text/plain")])
  public static let metrics = Endpoint(
    id: "metrics", method: .get, template: "/metrics", access: .anyone, summary: "Figures in Prometheus text format 0.0.4",
    query: [], request: nil, answers: [.bytes(200, "The figures", "text/plain"), .problem(401)])
  public static let openAPI = open(
    "openAPI", "/openapi.json", "This document",
    .init(status: 200, summary: "OpenAPI 3.1", contentType: "application/json", schema: .fixed(.object([:]))))

  static let service = [health, readiness, metrics, openAPI]

  private static func open(_ id: String, _ template: String, _ summary: String, _ answer: Endpoint.Answer) -> Endpoint {
    Endpoint(
      id: id, method: .get, template: template, access: .anyone, summary: summary, query: [], request: nil, answers: [answer])
  }
}
