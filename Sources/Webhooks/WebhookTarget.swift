public import Foundation
import NIOCore

/// The URL of a receiver, taken apart: http or https, a host of plain characters, and nothing that hides another host.
public struct WebhookTarget: Sendable, Hashable {
  public let url: URL
  /// Without the brackets of an IPv6 address.
  public let host: String
  public let port: Int

  /// - Throws: `malformed`, with what is wrong.
  public init(_ text: String) throws(WebhookError) {
    let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    guard isPlain, let url = URL(string: text), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme)
    else { throw WebhookError(.malformed, "is no http or https URL") }
    guard url.user == nil, url.password == nil else {
      throw WebhookError(.malformed, "has a user or a password: receivers know a delivery by its signature")
    }
    guard url.fragment == nil else { throw WebhookError(.malformed, "has a fragment") }
    var host = url.host ?? ""
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(Self.isPlain) else {
      throw WebhookError(.malformed, "has no host, or one of other characters than letters, digits, dots and hyphens")
    }
    guard (url.port ?? 1) > 0, (url.port ?? 1) < 65_536 else { throw WebhookError(.malformed, "has no such port") }
    self.url = url
    self.host = host
    port = url.port ?? (scheme == "https" ? 443 : 80)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}

extension WebhookTarget {
  /// Whether the host is an address itself, and no public one, or a name of this machine. Any other name is looked at when it
  /// is resolved.
  public var isPrivateAddress: Bool {
    if let address = try? SocketAddress(ipAddress: host, port: port) { return AddressGuard.isPrivate(address) }
    let labels = host.lowercased().split(separator: ".")
    return labels.isEmpty || labels.last == "localhost"
  }
}
