import APIContract
import HTTPTypes
import Hummingbird

/// Lets pages of any origin use the thing API (the Fetch standard, section 3.3): no cookie and no address opens anything there,
/// only a token that the page itself has. Answers to requests without `Origin` stay what they are: devices hold few bytes.
struct CrossOrigin: RouterMiddleware {
  typealias Context = APIContext

  let endpoints: [Endpoint]

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    guard request.uri.path.split(separator: "/").first == "v2" else { return try await next(request, context) }
    let preflight = options(request)
    var response = if let preflight { preflight } else { try await next(request, context) }
    guard request.headers[.origin] != nil else { return response }
    response.headers[.accessControlAllowOrigin] = "*"
    if request.method != .options { response.headers[.accessControlExposeHeaders] = Self.exposed }
    return response
  }

  /// What a page may read beside what every page may.
  private static let exposed = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Repr-Digest, Retry-After"
  private static let usualHeaders =
    "Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range"
  /// A day in seconds; browsers take less.
  private static let maximumAge = "86400"

  /// The answer to OPTIONS of a path that there is: the methods it takes, and to a preflight what a page may send.
  private func options(_ request: Request) -> Response? {
    guard request.method == .options else { return nil }
    let methods = endpoints.methods(forPath: request.uri.path, withOldPaths: true)
    guard !methods.isEmpty else { return nil }
    let allowed = (methods + ["OPTIONS"]).joined(separator: ", ")
    var headers: HTTPFields = [.allow: allowed]
    if request.headers[.origin] != nil, request.headers[.accessControlRequestMethod] != nil {
      headers[.accessControlAllowMethods] = allowed
      headers[.accessControlAllowHeaders] = request.joined(.accessControlRequestHeaders).flatMap(Self.echo) ?? Self.usualHeaders
      headers[.accessControlMaxAge] = Self.maximumAge
    }
    return Response(status: .noContent, headers: headers)
  }

  /// The names that were asked for, where each is a token (RFC 9110 section 5.6.2) and they are not too many.
  private static func echo(_ requested: String) -> String? {
    guard requested.utf8.count <= 1024 else { return nil }
    let names = requested.split(separator: ",").map { $0.trimming(while: { $0 == " " || $0 == "\t" }) }
    guard !names.isEmpty, names.allSatisfy({ HTTPField.Name(String($0)) != nil }) else { return nil }
    return names.joined(separator: ", ")
  }
}

extension Substring {
  /// The text without such characters at its ends.
  fileprivate func trimming(while isBlank: (Character) -> Bool) -> Substring {
    var text = self.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
  }
}
