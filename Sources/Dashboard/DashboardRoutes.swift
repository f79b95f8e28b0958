import HTTPTypes
public import Hummingbird
import NIOCore

/// The operators' pages at `/`: files of this program, and what browsers are told about them. Everything that the pages show
/// they ask of `/api/v1`, as any other client does.
public enum DashboardRoutes {
  public static func add(to router: some RouterMethods<some RequestContext>) {
    for asset in DashboardAsset.all {
      for path in asset.paths {
        router.on(RouterPath(path), method: .get) { request, _ in answer(with: asset, to: request) }
        router.on(RouterPath(path), method: .head) { request, _ in answer(with: asset, to: request).createHeadResponse() }
        for method in [.post, .put, .patch, .delete] as [HTTPRequest.Method] {
          router.on(RouterPath(path), method: method) { _, _ in refusal }
        }
      }
    }
  }

  /// The pages load and ask nothing but this service, run no script that is not a file of its, and are in no other page's frame
  /// (Content Security Policy Level 3; trusted types: no text becomes markup). Icons in style sheets are `data:`.
  private static let protections: HTTPFields = [
    HTTPField.Name("Content-Security-Policy")!:
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
      + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    HTTPField.Name("X-Content-Type-Options")!: "nosniff",
    HTTPField.Name("Referrer-Policy")!: "no-referrer",
    HTTPField.Name("Cross-Origin-Opener-Policy")!: "same-origin",
    HTTPField.Name("Cross-Origin-Resource-Policy")!: "same-origin",
    // Kept, and asked about each time: another version of the program has other files under the same names.
    .cacheControl: "no-cache",
  ]

  private static func answer(with asset: DashboardAsset, to request: Request) -> Response {
    var headers = protections
    headers[.eTag] = asset.entityTag
    if isKnown(asset.entityTag, in: request.headers[values: .ifNoneMatch]) {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = asset.type.rawValue
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
  }

  /// Whether `If-None-Match` has the tag, or `*` (RFC 9110 section 13.1.2): weak comparison. Our tags have no commas in them.
  private static func isKnown(_ tag: String, in lines: [String]) -> Bool {
    lines.joined(separator: ",").split(separator: ",").contains { member in
      let known = member.filter { $0 != " " && $0 != "\t" }
      return known == "*" || known == tag || known == "W/\(tag)"
    }
  }

  /// What a file answers to a change.
  private static var refusal: Response {
    var headers = protections
    headers[.allow] = "GET, HEAD"
    return Response(status: .methodNotAllowed, headers: headers)
  }
}
