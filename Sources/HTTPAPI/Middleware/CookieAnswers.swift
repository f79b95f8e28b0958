import HTTPTypes
import Hummingbird

/// What is answered to a cookie is for whom the cookie is of, and no cache on the way keeps it, nor a browser after the end of
/// the session (RFC 9111 section 5.2.2.5).
struct CookieAnswers: RouterMiddleware {
  typealias Context = APIContext

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    if request.headers[.cookie] != nil, request.uri.path.split(separator: "/").first == "api" {
      response.headers[.cacheControl] = "no-store"
    }
    return response
  }
}
