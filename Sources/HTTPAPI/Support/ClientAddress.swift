import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Who a request comes from, for limits: the peer, or the one that a trusted proxy names.
enum ClientAddress {
  /// - Returns: an address such as `192.0.2.7`, or of IPv6 the network of 64 bits, which is what one customer has; empty where
  ///   it is not known.
  static func of(_ request: Request, _ context: APIContext, _ settings: APISettings) -> String {
    find(
      peer: context.peer?.ipAddress, forwarded: request.joined(.xForwardedFor) ?? "", trusted: settings.trustedProxies)
  }

  /// - Parameter forwarded: the value of `X-Forwarded-For`: each proxy adds, at the right, whom it got the request from.
  static func find(peer: String?, forwarded: String, trusted: Set<String>) -> String {
    let trusted = Set(trusted.compactMap(normalized))
    guard let peer = peer.flatMap(normalized) else { return "" }
    var address = peer
    var hops = forwarded.split(separator: ",")[...]
    while trusted.contains(address), let hop = hops.popLast() {
      // What is no address was not written by a proxy of ours.
      guard let next = normalized(hop.filter { $0 != " " && $0 != "\t" }) else { break }
      address = next
    }
    return network(of: address)
  }

  /// Whether this peer is a proxy whose word is taken for what it forwards.
  static func isTrustedProxy(_ peer: String?, _ settings: APISettings) -> Bool {
    guard !settings.trustedProxies.isEmpty, let peer = peer.flatMap(normalized) else { return false }
    return settings.trustedProxies.contains { normalized($0) == peer }
  }

  /// One form for each address; IPv4 in IPv6 is IPv4. Nil for what is none.
  private static func normalized(_ text: String) -> String? {
    guard let address = try? SocketAddress(ipAddress: text, port: 0), let normal = address.ipAddress else { return nil }
    guard normal.hasPrefix("::ffff:"), normal.contains(".") else { return normal }
    return String(normal.dropFirst(7))
  }

  private static func network(of address: String) -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    return Hexadecimal.encode(bytes.prefix(8)) + "/64"
  }
}

extension HTTPField.Name {
  static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
}
