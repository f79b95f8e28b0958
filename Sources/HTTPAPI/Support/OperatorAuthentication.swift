import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Lets only operators through who may do what is asked: `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
struct OperatorAuthentication: Sendable {
  let service: FirmwareService

  /// - Returns: the context with the operator in it.
  /// - Throws: `ServiceError` (401, 403).
  func admit(_ request: Request, _ context: APIContext, to endpoint: Endpoint) async throws -> APIContext {
    let person = try service.identifyOperator(token: request.bearerToken ?? "")
    try service.require(endpoint.neededRole, of: person)
    if person.scope != .all { try await check(person.scope, request, context, endpoint) }
    var context = context
    context.signedInOperator = person
    return context
  }

  /// Holds a token that is for some models against the places where a request can name one. A change that names none is for
  /// tokens that are for all, unless its verb knows the models and checks them.
  private func check(_ scope: ModelScope, _ request: Request, _ context: APIContext, _ endpoint: Endpoint) async throws {
    var concerns: [Concern] = []
    for name in endpoint.parameters {
      switch name {
      case "model": concerns.append(.model(try context.parameter(name)))
      case "thing": concerns.append(.thing(try context.parameter(name)))
      case "firmware": concerns.append(.firmware(try context.parameter(name)))
      case "controllerId": concerns.append(.controller(try context.parameter(name)))
      case "rollout": concerns.append(.rollout(try context.parameter(name)))
      default: break
      }
    }
    let isAboutModels = !concerns.isEmpty || endpoint.checksModels
    guard isAboutModels || !endpoint.isChange else {
      throw ServiceError(.forbidden, "this token is only for some models, and this is not about one of them")
    }
    if let name = request.query("model") { concerns.append(.model(name)) }
    for concern in concerns { try await service.require(concern, in: scope) }
  }
}

extension Request {
  /// The token of an `Authorization: Bearer` header; the scheme in any case.
  var bearerToken: Substring? {
    guard let header = headers[.authorization] else { return nil }
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
    return words[1]
  }
}
