/// Who may do what: operators, their roles and tokens.
extension Endpoints {
  public static let createOperator = Endpoint.operators(
    "createOperator", .post, "/api/v1/operators",
    "Make a token for an operator, with a role, for some models and some time where that is said; it is told here only",
    request: .body(NewOperator.self), checksModels: true, 201, answers: CreatedOperator.self, problems: [404, 409])
  public static let listOperators = Endpoint.operators(
    "listOperators", .get, "/api/v1/operators", "Operators, newest first, revoked and expired ones too, without tokens",
    query: .page, answers: OperatorList.self)
  public static let revokeOperator = Endpoint.operators(
    "revokeOperator", .delete, "/api/v1/operators/{operator}", "End the token of an operator at once, for good",
    checksModels: true, answers: OperatorShape.self, problems: [404, 409])
  public static let showOperator = Endpoint.operators(
    "showOperator", .get, "/api/v1/operator", "Who the token belongs to, and what it is good for", answers: OperatorShape.self)

  static let operators = [createOperator, listOperators, revokeOperator, showOperator]
}
