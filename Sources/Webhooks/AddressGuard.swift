import Foundation
import NIOCore

/// Which addresses are nobody else's: who may name a URL must not reach by it what only this machine and its network can.
enum AddressGuard {
  /// Whether the address is a loopback, link-local, private, shared, multicast or reserved one, in whatever form it is wrapped.
  static func isPrivate(_ address: SocketAddress) -> Bool {
    guard let text = address.ipAddress else { return true }
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 { return isPrivate4(Array(bytes[..<4])) }
    return inet_pton(AF_INET6, text, &bytes) != 1 || isPrivate6(bytes)
  }

  /// Networks of the IANA registry of special-purpose addresses that are not globally reachable.
  private static func isPrivate4(_ bytes: [UInt8]) -> Bool {
    switch (bytes[0], bytes[1], bytes[2]) {
    case (0, _, _), (10, _, _), (127, _, _), (169, 254, _), (192, 168, _), (192, 0, 0), (172, 16...31, _), (100, 64...127, _),
      (198, 18...19, _), (224...255, _, _):
      true
    default: false
    }
  }

  private static func isPrivate6(_ bytes: [UInt8]) -> Bool {
    // ::, ::1 and what is left of IPv4-compatible addresses; IPv4-mapped ones.
    if bytes[..<10].allSatisfy({ $0 == 0 }) {
      return !(bytes[10] == 0xFF && bytes[11] == 0xFF) || isPrivate4(Array(bytes[12...]))
    }
    switch (bytes[0], bytes[1]) {
    case (0x00, 0x64) where bytes[2] == 0xFF && bytes[3] == 0x9B:
      // NAT64: 64:ff9b::/96 stands for an IPv4 address, and 64:ff9b:1::/48 is for local use.
      return bytes[4] != 0 || bytes[5] != 0 || isPrivate4(Array(bytes[12...]))
    case (0x20, 0x02): return isPrivate4(Array(bytes[2..<6]))
    case (0x20, 0x01) where bytes[2] == 0 && bytes[3] == 0: return true
    case (0xFC...0xFD, _), (0xFE, 0x80...0xFF), (0xFF, _): return true
    default: return false
    }
  }
}
