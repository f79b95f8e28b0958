import HTTPTypes
import Hummingbird

/// An answer to HEAD is the head of the answer to GET, errors included (RFC 9110 section 9.3.2): a body after it would be read
/// as the start of the next answer.
struct HeadAnswers: RouterMiddleware {
  typealias Context = APIContext

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    return request.method == .head ? response.createHeadResponse() : response
  }
}
