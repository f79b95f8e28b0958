import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Where whoever asks reaches the service: what absolute links in an answer begin with.
struct RequestOrigin {
  /// The scheme, the host, the port where there is one, and the public path, without a slash at the end:
  /// `https://ota.example.com:8443/firmware`.
  ///
  /// The configured public URL goes before everything. Else it is what a trusted proxy was asked for, by `Forwarded` (RFC 7239)
  /// or the older `X-Forwarded-Proto`, `-Host` and `-Port`, else the host that stands in the request. What is no host gets into
  /// no link: then it is the address at which the connection came in.
  /// - Parameter publicURL: the service's `publicURL`.
  static func of(_ request: Request, _ context: APIContext, _ settings: APISettings, publicURL: String?) -> String {
    if let publicURL { return configured(publicURL) }
    let asked = Asked(
      host: request.head.authority ?? request.headers[.host], headers: request.headers,
      isByProxy: ClientAddress.isTrustedProxy(context.peer?.ipAddress, settings), at: context.local,
      isSecure: context.isSecure)
    return asked.origin + settings.publicPath
  }

  /// The public URL without slashes at the end.
  static func configured(_ publicURL: String) -> String { String(publicURL.trimmingSuffix { $0 == "/" }) }

  /// What is known of the address that was asked for. A value that cannot stand in a link is as good as none.
  struct Asked {
    private(set) var scheme: String
    private(set) var authority: Authority?
    private let local: SocketAddress?
    private let listeningScheme: String

    /// - Parameters:
    ///   - host: the host that the request itself names.
    ///   - isByProxy: whether the request comes from a proxy whose headers count.
    ///   - local: where the connection came in.
    ///   - isSecure: whether it is encrypted.
    init(host: String?, headers: HTTPFields, isByProxy: Bool, at local: SocketAddress?, isSecure: Bool = false) {
      scheme = isSecure ? "https" : "http"
      listeningScheme = scheme
      self.local = local
      authority = host.flatMap { Authority($0) }
      guard isByProxy else { return }
      if let forwarded = headers.joined(.forwarded) {
        take(ForwardedHop.nearest(in: forwarded))
      } else {
        take(ForwardedHop(olderHeaders: headers))
      }
    }

    private mutating func take(_ hop: ForwardedHop?) {
      guard let hop else { return }
      if let proto = hop.proto?.lowercased(), ["http", "https"].contains(proto) { scheme = proto }
      if let named = hop.host.flatMap({ Authority($0) }) { authority = named }
      // Proxies that tell the port apart leave it out of the host, and the usual one needs not be said.
      guard authority?.port == nil, let port = hop.port.flatMap({ Authority.port($0[...]) }) else { return }
      if port != (scheme == "https" ? 443 : 80) { authority?.port = port }
    }

    var origin: String { authority.map { "\(scheme)://\($0.text)" } ?? "\(listeningScheme)://\(listening)" }

    private var listening: String {
      guard let local, let address = local.ipAddress, let port = local.port else { return "localhost" }
      return local.protocol == .inet6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
  }

  /// A host and, where it is said, a port, as they may stand in a link (RFC 3986 section 3.2, without user information).
  struct Authority {
    private let host: Substring
    var port: Int?

    var text: String { port.map { "\(host):\($0)" } ?? String(host) }

    /// The longest name of a host, in characters (RFC 1035 section 2.3.4).
    private static let longestName = 253

    /// - Returns: nil for what is none: a name of letters, digits, `.`, `-` and `_`, an IPv4 address, or an IPv6 address in
    ///   brackets is needed, with a port of 1 to 65535 or none behind it.
    init?(_ text: String) {
      let end = text.hasPrefix("[") ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
      host = text[..<(end ?? text.endIndex)]
      let rest = text[host.endIndex...]
      guard Self.isAddress(host) || Self.isName(host) else { return nil }
      guard !rest.isEmpty else { return }
      guard rest.first == ":", let port = Self.port(rest.dropFirst()) else { return nil }
      self.port = port
    }

    static func port(_ text: Substring) -> Int? {
      guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
      else { return nil }
      return Int(text).flatMap { (1...65535).contains($0) ? $0 : nil }
    }

    private static func isAddress(_ host: Substring) -> Bool {
      guard host.first == "[", host.last == "]", host.utf8.count <= 64 else { return false }
      var bytes = [UInt8](repeating: 0, count: 16)
      return inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &bytes) == 1
    }

    private static func isName(_ host: Substring) -> Bool {
      let name = host.last == "." ? host.dropLast() : host
      return (1...longestName).contains(name.utf8.count)
        && name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
          (1...63).contains(label.count)
            && label.allSatisfy {
              switch $0 {
              case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
              case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
              default: false
              }
            }
        }
    }
  }
}

/// What a proxy says of the request that it forwards.
struct ForwardedHop: Equatable {
  private(set) var proto: String?
  private(set) var host: String?
  private(set) var port: String?

  /// By `X-Forwarded-Proto`, `-Host` and `-Port`: of a list the last member, which the proxy nearest to us has added.
  init(olderHeaders headers: HTTPFields) {
    func last(_ name: HTTPField.Name) -> String? {
      headers.joined(name)?.split(separator: ",").last.map { member in
        String(member.drop(while: Self.isBlank).trimmingSuffix(while: Self.isBlank))
      }
    }
    proto = last(.xForwardedProto)
    host = last(.xForwardedHost)
    port = last(.xForwardedPort)
  }

  private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

  /// Reads `Forwarded` by RFC 7239 section 4.
  /// - Returns: the last member, which the proxy nearest to us has added; nil where the header is malformed anywhere, since it
  ///   then cannot be told where that member begins.
  static func nearest(in header: String) -> ForwardedHop? {
    var rest = Array(header.utf8)[...]
    var members: [[String: String]] = [[:]]
    while let byte = rest.first {
      switch byte {
      case UInt8(ascii: ","): members.append([:])
      case UInt8(ascii: ";"), UInt8(ascii: " "), UInt8(ascii: "\t"): break
      default:
        guard let (name, value) = pair(&rest), members[members.count - 1].updateValue(value, forKey: name) == nil else {
          return nil
        }
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard rest.isEmpty || rest.first == UInt8(ascii: ";") || rest.first == UInt8(ascii: ",") else { return nil }
        continue
      }
      rest.removeFirst()
    }
    return members.last { !$0.isEmpty }.map { ForwardedHop(proto: $0["proto"], host: $0["host"]) }
  }

  private init(proto: String?, host: String?) {
    self.proto = proto
    self.host = host
  }

  /// `host="example.com:8080"` or `proto=https`, from the front.
  private static func pair(_ rest: inout ArraySlice<UInt8>) -> (name: String, value: String)? {
    let name = rest.prefix(while: isTokenByte)
    rest = rest.dropFirst(name.count)
    guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return nil }
    var value: [UInt8] = []
    if rest.first == UInt8(ascii: "\"") {
      guard let quoted = quotedText(&rest) else { return nil }
      value = quoted
    } else {
      // Colons and brackets need quotation marks, and are sent without by some.
      value = Array(rest.prefix { isTokenByte($0) || [UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]")].contains($0) })
      rest = rest.dropFirst(value.count)
    }
    guard let text = String(validating: value, as: UTF8.self) else { return nil }
    return (String(decoding: name, as: UTF8.self).lowercased(), text)
  }

  /// RFC 9110 section 5.6.4, from the front.
  /// - Returns: nil where it does not end.
  private static func quotedText(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    rest.removeFirst()
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return value
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return nil }
        value.append(escaped)
      default: value.append(byte)
      }
    }
    return nil
  }

  /// RFC 9110 section 5.6.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

extension StringProtocol {
  /// The text without such characters at its end.
  fileprivate func trimmingSuffix(while isUnwanted: (Character) -> Bool) -> SubSequence {
    var text = self[...]
    while let last = text.last, isUnwanted(last) { text.removeLast() }
    return text
  }
}

extension HTTPField.Name {
  /// RFC 7239.
  static let forwarded = HTTPField.Name("Forwarded")!
  static let xForwardedProto = HTTPField.Name("X-Forwarded-Proto")!
  static let xForwardedHost = HTTPField.Name("X-Forwarded-Host")!
  static let xForwardedPort = HTTPField.Name("X-Forwarded-Port")!
  static let host = HTTPField.Name("Host")!
}
