public import Domain

/// The OpenAPI 3.1 document, made of the endpoints and the shapes: there is no second source to keep in step.
public enum OpenAPIDocument {
  /// - Parameter version: the version of the service, for `info.version`.
  public static func make(version: String) -> JSONValue {
    var paths: [String: JSONValue] = [:]
    for endpoint in Endpoints.all {
      var operations: [String: JSONValue] = [:]
      if case .object(let known)? = paths[endpoint.template] { operations = known }
      operations[endpoint.method.rawValue] = operation(endpoint)
      paths[endpoint.template] = .object(operations)
    }
    return .object([
      "openapi": .string("3.1.0"),
      "info": .object([
        "title": .string("Firmament"), "version": .string(version),
        "description": .string(
          "Firmware distribution and over-the-air updates. Operators' API under /api/v1, thing and app API under /v2."),
      ]),
      "paths": .object(paths),
      "components": .object([
        "securitySchemes": .object([
          "operatorToken": .object(["type": .string("http"), "scheme": .string("bearer")]),
          "operatorSession": .object([
            "type": .string("apiKey"), "in": .string("cookie"), "name": .string(Endpoints.sessionCookie),
            "description": .string("Of `POST /api/v1/session`. A request with `Authorization` goes by that alone"),
          ]),
          "csrfToken": .object([
            "type": .string("apiKey"), "in": .string("header"), "name": .string(Endpoints.csrfHeader),
            "description": .string("Beside the cookie, for anything but GET and HEAD: `csrf` of `GET /api/v1/session`"),
          ]),
          "sessionToken": .object([
            "type": .string("apiKey"), "in": .string("header"), "name": .string("Authorization"),
          ]),
          "targetToken": .object([
            "type": .string("apiKey"), "in": .string("header"), "name": .string("Authorization"),
            "description": .string("`TargetToken` and the token of the thing"),
          ]),
          "gatewayToken": .object([
            "type": .string("apiKey"), "in": .string("header"), "name": .string("Authorization"),
            "description": .string("`GatewayToken` and the token of the model"),
          ]),
        ])
      ]),
    ])
  }

  private static func operation(_ endpoint: Endpoint) -> JSONValue {
    var answers: [String: JSONValue] = [:]
    for answer in endpoint.answers { answers[String(answer.status)] = body(answer, in: "description") }
    var operation: [String: JSONValue] = [
      "operationId": .string(endpoint.id), "summary": .string(endpoint.summary), "responses": .object(answers),
      "parameters": .array(
        endpoint.parameters.map { parameter($0, in: "path", "", .string, isRequired: true) }
          + endpoint.query.map { parameter($0.name, in: "query", $0.summary, $0.schema, isRequired: $0.isRequired) }),
    ]
    if let request = endpoint.request { operation["requestBody"] = body(request, in: "description") }
    switch endpoint.access {
    case .operators:
      let role = endpoint.neededRole.rawValue
      operation["security"] = .array([.object(["operatorToken": .array([])]), session(for: endpoint)])
      operation["x-role"] = .string(role)
      operation["description"] = .string(
        role == OperatorRole.allCases.last?.rawValue ? "For an \(role)." : "For the role \(role) and those above it.")
    case .operatorSessions: operation["security"] = .array([session(for: endpoint)])
    case .users: operation["security"] = .array([.object(["sessionToken": .array([])])])
    case .controllers:
      operation["security"] = .array([
        .object(["targetToken": .array([])]), .object(["gatewayToken": .array([])]),
      ])
    case .anyone, .things: break
    }
    return .object(operation)
  }

  /// What a session shows for it.
  private static func session(for endpoint: Endpoint) -> JSONValue {
    let isRead = [.get, .head].contains(endpoint.method)
    return .object(["operatorSession": .array([])].merging(isRead ? [:] : ["csrfToken": .array([])]) { $1 })
  }

  private static func parameter(
    _ name: String, in place: String, _ summary: String, _ schema: JSONSchema, isRequired: Bool
  ) -> JSONValue {
    .object([
      "name": .string(name), "in": .string(place), "required": .bool(isRequired), "description": .string(summary),
      "schema": schema.json,
    ])
  }

  private static func body(_ answer: Endpoint.Answer, in member: String) -> JSONValue {
    var body: [String: JSONValue] = [member: .string(answer.summary)]
    let schema = JSONValue.object(answer.schema.map { ["schema": $0.schema.json] } ?? [:])
    if let type = answer.contentType {
      body["content"] = .object([type: schema].merging(answer.otherType.map { [$0: schema] } ?? [:]) { $1 })
    }
    return .object(body)
  }
}
