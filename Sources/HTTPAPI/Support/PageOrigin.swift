import Foundation
import HTTPTypes
import Hummingbird

/// Which page a browser says that a request comes from, held against the addresses of the service itself.
struct PageOrigin {
  /// `Sec-Fetch-Site` (Fetch Metadata): browsers say it where they have asked by https, or on the same computer.
  private let site: String?
  /// `Origin` (the Fetch standard, section 3.1); nil where it is missing or `null`.
  private let origin: String?
  private let isNull: Bool
  private let asked: RequestOrigin.Asked
  private let publicURL: String?
  private let publicPath: String

  /// - Parameter publicURL: the service's `publicURL`.
  init(_ request: Request, _ context: APIContext, _ settings: APISettings, publicURL: String?) {
    site = request.joined(HTTPField.Name("Sec-Fetch-Site")!)?.lowercased()
    let told = request.joined(.origin)?.lowercased()
    isNull = told == "null"
    origin = isNull ? nil : told.map(Self.withoutUsualPort)
    asked = RequestOrigin.Asked(
      host: request.head.authority ?? request.headers[.host], headers: request.headers,
      isByProxy: ClientAddress.isTrustedProxy(context.peer?.ipAddress, settings), at: context.local,
      isSecure: context.isSecure)
    self.publicURL = publicURL.flatMap(Self.origin)
    publicPath = settings.publicPath
  }

  /// Whether it is a page of somebody else. Requests of programs, which say nothing, are not.
  ///
  /// What the browser itself says of the relation goes first, since it knows the address that stands in it. Else the origin
  /// must be the public one or the one that was asked for, where https may have ended before us at a proxy that says nothing.
  var isForeign: Bool {
    if let site { return site != "same-origin" && site != "none" }
    if isNull { return true }
    guard let origin else { return false }
    return origin != publicURL && !askedOrigins.contains(origin)
  }

  /// Whether the browser has asked by https.
  var isSecure: Bool {
    if asked.scheme == "https" || origin?.hasPrefix("https://") == true { return true }
    guard origin == nil, let publicURL else { return false }
    return publicURL.hasPrefix("https://") && askedOrigins.contains(publicURL)
  }

  /// The path under which the browser sees a path of ours.
  func path(_ path: String) -> String { origin == nil || publicURL == nil || origin == publicURL ? publicPath + path : path }

  private var askedOrigins: [String] {
    let asked = asked.origin.lowercased()
    return [asked, asked.hasPrefix("http://") ? "https://\(asked.dropFirst(7))" : asked].map(Self.withoutUsualPort)
  }

  /// The scheme, the host and the port of a URL.
  private static func origin(of url: String) -> String? {
    let url = url.lowercased()
    guard let scheme = url.range(of: "://") else { return nil }
    return withoutUsualPort(url[..<scheme.upperBound] + url[scheme.upperBound...].prefix { $0 != "/" })
  }

  private static func withoutUsualPort(_ origin: some StringProtocol) -> String {
    for (scheme, port) in [("https://", ":443"), ("http://", ":80")] where origin.hasPrefix(scheme) && origin.hasSuffix(port) {
      return String(origin.dropLast(port.count))
    }
    return String(origin)
  }
}
