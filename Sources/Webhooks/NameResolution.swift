import Dispatch
import Foundation
import NIOCore
import Synchronization

/// Addresses of a name, by the system's resolver.
enum NameResolution {
  /// - Parameter seconds: how long it may take.
  /// - Returns: at least one address.
  static func addresses(of host: String, port: Int, within seconds: Int) async throws -> [SocketAddress] {
    // The resolver blocks and cannot be told to stop: whoever waits does not wait longer for it.
    try await withCheckedThrowingContinuation { continuation in
      let answer = Answer(for: continuation)
      DispatchQueue.global().async { answer.give(Result { try resolve(host, port) }) }
      DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) {
        answer.give(.failure(WebhookError(.unresolved, "\(host) could not be resolved in \(seconds) s")))
      }
    }
  }

  /// The first of several answers.
  private final class Answer: Sendable {
    private let waiting: Mutex<CheckedContinuation<[SocketAddress], any Error>?>

    init(for continuation: CheckedContinuation<[SocketAddress], any Error>) { waiting = Mutex(continuation) }

    func give(_ result: Result<[SocketAddress], any Error>) {
      let continuation = waiting.withLock { waiting in
        defer { waiting = nil }
        return waiting
      }
      continuation?.resume(with: result)
    }
  }

  private static func resolve(_ host: String, _ port: Int) throws -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &found)
    guard status == 0 else { throw WebhookError(.unresolved, "\(host): \(String(cString: gai_strerror(status)))") }
    defer { freeaddrinfo(found) }
    var addresses: [SocketAddress] = []
    var next = found
    while let entry = next?.pointee {
      next = entry.ai_next
      guard let address = entry.ai_addr else { continue }
      switch entry.ai_family {
      case AF_INET:
        addresses.append(SocketAddress(address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee }))
      case AF_INET6:
        addresses.append(SocketAddress(address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee }))
      default: break
      }
    }
    guard !addresses.isEmpty else { throw WebhookError(.unresolved, "\(host) has no address") }
    return addresses
  }
}
