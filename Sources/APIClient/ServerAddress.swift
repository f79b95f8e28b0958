/// Where a server is: `http://127.0.0.1:8080`, with a path before the API's where it sits behind a proxy. No slash at its end.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
  public let description: String

  /// - Throws: `APIClientError` when the text is no `http://` or `https://` URL, or has a query, a fragment or credentials.
  public init(_ text: String) throws {
    let scheme = ["http://", "https://"].first { text.lowercased().hasPrefix($0) }
    guard let scheme, Self.isRest(text.dropFirst(scheme.count)) else {
      throw APIClientError(.invalidAddress, "\"\(text)\" is no server address: give one like http://127.0.0.1:8080")
    }
    var rest = text.dropFirst(scheme.count)
    while rest.last == "/" { rest.removeLast() }
    description = scheme + rest
  }

  /// Whether the address is this machine's own.
  public var isLoopback: Bool { ["localhost", "127.0.0.1", "[::1]"].contains(host) }

  /// Whether the address leads to this computer and no further: its own, or that of everything it listens on.
  public var isThisComputer: Bool { isLoopback || ["0.0.0.0", "[::]"].contains(host) }

  public var isSecure: Bool { description.hasPrefix("https://") }

  /// The name or number between the scheme and the port; an IPv6 one in its brackets.
  public var host: String {
    let authority = description.split(separator: "/", maxSplits: 2)[1]
    if authority.first == "[" { return String(authority.prefix { $0 != "]" }) + "]" }
    return String(authority.prefix { $0 != ":" }).lowercased()
  }

  private static func isRest(_ rest: Substring) -> Bool {
    guard let first = rest.first, first != "/", first != ":" else { return false }
    return rest.utf8.allSatisfy { byte in
      byte > 32 && byte < 127 && !"?#@\\\"<>".utf8.contains(byte)
    }
  }
}
