import Domain

extension Endpoints {
  public static let createModel = Endpoint.operators(
    "createModel", .post, "/api/v1/models", "Create a model with its MCUs; the same model again is a success",
    request: .body(NewModel.self), checksModels: true, 201, answers: ModelShape.self,
    also: [.json(200, ModelShape.self, "It was there already")],
    problems: [404, 409])
  public static let listModels = Endpoint.operators(
    "listModels", .get, "/api/v1/models", "Models by name", query: .page, answers: ModelList.self)
  public static let showModel = Endpoint.operators(
    "showModel", .get, "/api/v1/models/{model}", "One model, with the newest sequence of each MCU", answers: ModelShape.self,
    problems: [404])
  public static let setModel = Endpoint.operators(
    "setModel", .patch, "/api/v1/models/{model}",
    "Change whether publishing needs a second operator, how often its things ask (1 to 86400 seconds), or its door for DDI",
    request: .body(ModelSettings.self), answers: ModelShape.self, problems: [404])
  public static let setRetention = Endpoint.operators(
    "setRetention", .put, "/api/v1/models/{model}/retention", "How long values of its things are kept; `{}` for ever",
    request: .body(RetentionShape.self), answers: ModelShape.self, problems: [404])
  public static let trustKey = Endpoint.operators(
    "trustKey", .post, "/api/v1/models/{model}/keys", "Trust a public key (PEM) for a model's firmware; again is a success",
    request: .body(NewTrustedKey.self), 201, answers: TrustedKeyShape.self,
    also: [.json(200, TrustedKeyShape.self, "It was trusted already")], problems: [404, 409])
  public static let listKeys = Endpoint.operators(
    "listKeys", .get, "/api/v1/models/{model}/keys", "The keys of a model, revoked ones too", answers: TrustedKeyList.self,
    problems: [404])
  public static let revokeKey = Endpoint.operators(
    "revokeKey", .delete, "/api/v1/models/{model}/keys/{key}", "Revoke a key: what it signed stays, nothing new is taken",
    answers: TrustedKeyShape.self, problems: [404])
  public static let gatewayToken = Endpoint.operators(
    "gatewayToken", .post, "/api/v1/models/{model}/gateway-token",
    "The token by which gateways speak for its devices (DDI), made at the first call; the audit log keeps who read it",
    request: .body(GatewayTokenRequest.self), needs: .administrator, answers: GatewayTokenShape.self, problems: [404])

  static let models = [
    createModel, listModels, showModel, setModel, setRetention, trustKey, listKeys, revokeKey, gatewayToken,
  ]
}
