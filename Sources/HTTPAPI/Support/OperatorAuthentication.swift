import APIContract
import Cryptography
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Lets only operators through who may do what is asked: by `Authorization: Bearer TOKEN` (RFC 6750 section 2.1), or in a
/// browser by the cookie of a session. Of a request with both, the header counts.
struct OperatorAuthentication: Sendable {
  /// What a change is refused with that a page of somebody else has caused.
  static let foreignPage = APIError(
    status: .forbidden, code: "csrf",
    message: "this comes from a page of another origin. Behind a proxy, serve needs --public-url or --trusted-proxies")

  let service: FirmwareService
  let settings: APISettings

  /// - Returns: the context with the operator in it.
  /// - Throws: `ServiceError` (401, 403), `APIError` (403).
  func admit(_ request: Request, _ context: APIContext, to endpoint: Endpoint) async throws -> APIContext {
    let admitted: APIContext
    if request.headers[.authorization] == nil, let cookie = SessionCookie(request.headers) {
      admitted = try admit(cookie, request, context)
    } else {
      admitted = try admit(.token(request.bearerToken ?? ""), context)
    }
    let person = try admitted.caller
    try service.require(endpoint.neededRole, of: person)
    if person.scope != .all { try await check(person.scope, request, context, endpoint) }
    return admitted
  }

  /// Lets only sessions through, for what is about the session itself.
  /// - Returns, Throws: as above.
  func admitSession(_ request: Request, _ context: APIContext) throws -> APIContext {
    try admit(try Self.cookie(of: request), request, context)
  }

  /// The cookie of a request that comes by a session.
  /// - Throws: `ServiceError` (401).
  static func cookie(of request: Request) throws -> SessionCookie {
    guard request.headers[.authorization] == nil, let cookie = SessionCookie(request.headers) else {
      throw ServiceError(.unauthorized, "a session is needed: POST /api/v1/session opens one")
    }
    return cookie
  }

  /// Browsers send the cookie whoever has caused the request. So a change also needs to show what only pages of this service
  /// know, and not to come from another page.
  private func admit(_ cookie: SessionCookie, _ request: Request, _ context: APIContext) throws -> APIContext {
    let admitted = try admit(.session(cookie.secret), context)
    guard request.method != .get, request.method != .head else { return admitted }
    guard !PageOrigin(request, context, settings, publicURL: service.publicURL).isForeign else { throw Self.foreignPage }
    guard constantTimeEqual(Array((request.headers[.csrfToken] ?? "").utf8), Array(cookie.csrf.utf8)) else {
      throw APIError(
        status: .forbidden, code: "csrf",
        message: "a change by cookie needs the header \(Endpoints.csrfHeader): `csrf` of GET /api/v1/session")
    }
    return admitted
  }

  private func admit(_ credential: OperatorCredential, _ context: APIContext) throws -> APIContext {
    var context = context
    context.signedInOperator = try service.identifyOperator(by: credential)
    context.operatorCredential = credential
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
