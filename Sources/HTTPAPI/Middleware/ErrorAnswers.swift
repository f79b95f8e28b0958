import APIContract
import FirmwareService
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Gives every error the form of the API it happened in: problem details (RFC 9457) for operators, the wire page's error body
/// for things. What nobody expected becomes a bare 500 and is logged, never echoed.
struct ErrorAnswers: RouterMiddleware {
  typealias Context = APIContext

  /// Those that are served here.
  let endpoints: [Endpoint]

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPParserError {
      throw error
    } catch {
      return try answer(to: error, request, context)
    }
  }

  private func answer(to error: any Error, _ request: Request, _ context: APIContext) throws -> Response {
    let refusal = refusal(for: error, request, context)
    let isThingSide = request.uri.path.split(separator: "/").first == "v2"
    var headers = refusal.headers
    let body: [UInt8]
    if request.uri.path.isBelowControllers {
      // Devices look at the status alone; what they are not to know has no body.
      guard ![.unauthorized, .notFound, .gone].contains(refusal.status) else {
        headers[.wwwAuthenticate] = nil
        return Response(status: refusal.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer()))
      }
      headers[.contentType] = "application/json"
      body = try JSONText.encode(
        DDIError(
          exceptionClass: "firmament.\(refusal.code)", errorCode: Self.ddiCode(refusal.code), message: refusal.message))
    } else if isThingSide {
      headers[.contentType] = "application/json"
      let message = JSONText.quoted(refusal.message)
      body = Array("{\"status\":\"error\",\"code\":\(refusal.status.code),\"message\":\(message)}".utf8)
    } else {
      headers[.contentType] = "application/problem+json"
      body = try JSONText.encode(
        Problem(
          code: refusal.code, title: refusal.status.reasonPhrase, status: refusal.status.code, detail: refusal.message))
    }
    return .jsonBytes(body, status: refusal.status, headers: headers)
  }

  private func refusal(for error: any Error, _ request: Request, _ context: APIContext) -> APIError {
    switch error {
    case let error as APIError: return error
    case let error as ServiceError:
      var headers: HTTPFields = [:]
      if [.uploadInProgress, .unavailable, .busy].contains(error.code) { headers[.retryAfter] = "1" }
      if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
      // RFC 9110 section 11.6.1.
      if error.code.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
      if let received = error.received { headers[.uploadOffset] = String(received) }
      if error.code == .unavailable {
        context.logger.error("a request could not be served", metadata: ["error": "\(error.message)"])
      }
      return APIError(status: error.code.status, code: error.code.problemCode, message: error.message, headers: headers)
    case let error as any HTTPResponseError: return unrouted(error.status, request)
    default:
      context.logger.error("a request failed", metadata: ["path": "\(routePath(context))", "error": "\(error)"])
      return APIError(status: .internalServerError, code: "internal", message: "internal error")
    }
  }

  /// The code in the words of hawkBit, where it has one.
  private static func ddiCode(_ code: String) -> String {
    switch code {
    case "not-cancelable": "hawkbit.server.error.action.notCancelable"
    case "quota-exceeded": "hawkbit.server.error.quota.tooManyEntries"
    case "malformed": "hawkbit.server.error.rest.body.notReadable"
    default: "hawkbit.server.error.\(code)"
    }
  }

  /// No route took the request: the path is unknown, or it takes other methods.
  private func unrouted(_ status: HTTPResponse.Status, _ request: Request) -> APIError {
    guard status == .notFound else { return APIError(status: status, code: "refused", message: status.reasonPhrase) }
    let methods = endpoints.methods(forPath: request.uri.path)
    guard methods.isEmpty else {
      let allowed = methods.joined(separator: ", ")
      return APIError(
        status: .methodNotAllowed, code: "method-not-allowed", message: "this path takes \(allowed)",
        headers: [.allow: allowed])
    }
    return APIError(status: .notFound, code: "unknown-path", message: "there is nothing at this path")
  }

  /// The template of the path, since the path itself may hold a token.
  private func routePath(_ context: APIContext) -> String { context.endpointPath ?? "" }
}

extension [Endpoint] {
  /// The methods that a path takes, HEAD beside GET included; empty for an unknown path.
  /// - Parameter withOldPaths: whether the old path of objects counts. It makes every unknown path below a thing a known one,
  ///   and devices look for a 404 there.
  func methods(forPath path: String, withOldPaths: Bool = false) -> [String] {
    let segments = path.split(separator: "/")
    let methods = filter { endpoint in
      guard withOldPaths || endpoint.id != Endpoints.updateObjectByOldPath.id else { return false }
      let template = endpoint.template.split(separator: "/")
      return template.count == segments.count
        && zip(template, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }.map { $0.method.rawValue.uppercased() }
    return Set(methods).sorted()
  }
}

extension HTTPField.Name {
  /// Where a cut upload may go on: the number of bytes that have arrived.
  static let uploadOffset = HTTPField.Name("Upload-Offset")!
  /// RFC 9530, section 2.
  static let reprDigest = HTTPField.Name("Repr-Digest")!
}

extension String {
  /// Whether a path is below the devices of the DDI door.
  var isBelowControllers: Bool {
    let segments = split(separator: "/", maxSplits: 3)
    return segments.count > 3 && segments[1] == "controller" && segments[2] == "v1"
  }
}
