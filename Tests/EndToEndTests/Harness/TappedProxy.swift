import Foundation
import Synchronization

/// A TCP proxy in front of a server. It counts the bytes that pass, and when a count is reached it does what it was told: cut
/// the connection, or something else of the test's choice, before a further byte passes.
final class TappedProxy: Sendable {
  enum Direction: Sendable { case toServer, toClient }

  private struct Tap: Sendable {
    let count: Int
    /// Nil cuts the connection.
    let action: (@Sendable () -> Void)?
  }

  private struct Lane: Sendable {
    var passed = 0
    var taps: [Tap] = []
  }

  private struct State: Sendable {
    var lanes: [Direction: Lane] = [.toServer: Lane(), .toClient: Lane()]
    var connections = 0
    var cuts = 0
  }

  /// `http://127.0.0.1:PORT`
  let url: String
  private let server: String
  private let listener: Int32
  private let state = Mutex(State())

  /// - Parameter server: where the bytes go, `http://127.0.0.1:PORT`; each connection is made anew.
  init(to server: String) throws {
    self.server = server
    listener = try Loopback.socket()
    var address = Loopback.address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (listener, given) = (listener, length)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, given) == 0 && listen(listener, 64) == 0 && getsockname(listener, address, &length) == 0
      }
    }
    guard isListening else { throw RawConnection.Failure(description: "no port for a proxy") }
    url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    Thread.detachNewThread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        if client < 0 && errno == EINTR { continue }
        guard client >= 0 else { return }
        if let self { self.join(client) } else { close(client) }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// Bytes that have passed so far in all connections.
  func passed(_ direction: Direction) -> Int { state.withLock { $0.lanes[direction]?.passed ?? 0 } }

  /// Connections that clients have made so far.
  var connections: Int { state.withLock { $0.connections } }

  /// Connections cut so far.
  var cuts: Int { state.withLock { $0.cuts } }

  /// Cuts the connection that carries the byte with which the count is reached, once.
  func cut(_ direction: Direction, at count: Int) { add(Tap(count: count, action: nil), direction) }

  /// Does something, once, when the count is reached and before a further byte passes.
  func when(_ direction: Direction, reaches count: Int, _ action: @escaping @Sendable () -> Void) {
    add(Tap(count: count, action: action), direction)
  }

  private func add(_ tap: Tap, _ direction: Direction) {
    state.withLock { state in
      state.lanes[direction]?.taps.append(tap)
      state.lanes[direction]?.taps.sort { $0.count < $1.count }
    }
  }

  /// Two threads pump the bytes; the last to end closes both sockets.
  private func join(_ client: Int32) {
    state.withLock { $0.connections += 1 }
    guard let upstream = try? Loopback.connect(to: server) else {
      close(client)
      return
    }
    let counter = PumpCount()
    for (source, target, direction) in [(client, upstream, Direction.toServer), (upstream, client, .toClient)] {
      Thread.detachNewThread { [weak self] in
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while let self, self.pump(from: source, to: target, direction, by: &piece) {}
        shutdown(source, Int32(SHUT_RD))
        shutdown(target, Int32(SHUT_WR))
        guard counter.ended() else { return }
        close(client)
        close(upstream)
      }
    }
  }

  /// Passes the next bytes on, up to the next tap at most.
  /// - Returns: false at the end of the connection.
  private func pump(from source: Int32, to target: Int32, _ direction: Direction, by piece: inout [UInt8]) -> Bool {
    let room = state.withLock { state in
      let lane = state.lanes[direction] ?? Lane()
      return min(piece.count, lane.taps.first.map { max(1, $0.count - lane.passed) } ?? piece.count)
    }
    var count = -1
    repeat { count = recv(source, &piece, room, 0) } while count < 0 && errno == EINTR
    guard count > 0 else { return false }
    var sent = 0
    while sent < count {
      let written = piece[sent..<count].withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return false }
      sent += written
    }
    let due = state.withLock { state in
      state.lanes[direction]?.passed += count
      guard let lane = state.lanes[direction], let tap = lane.taps.first, tap.count <= lane.passed else { return Tap?.none }
      state.lanes[direction]?.taps.removeFirst()
      if tap.action == nil { state.cuts += 1 }
      return tap
    }
    guard let due else { return true }
    due.action?()
    guard due.action == nil else { return true }
    shutdown(source, Int32(SHUT_RDWR))
    shutdown(target, Int32(SHUT_RDWR))
    return false
  }
}

/// Counts the two pumps of a connection down.
private final class PumpCount: Sendable {
  private let running = Mutex(2)

  /// - Returns: whether it was the last.
  func ended() -> Bool {
    running.withLock { running in
      running -= 1
      return running == 0
    }
  }
}

/// Sockets to and on this machine.
enum Loopback {
  static func socket() throws -> Int32 {
    let descriptor = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw RawConnection.Failure(description: "no socket: \(String(cString: strerror(errno)))") }
    return descriptor
  }

  static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
  }

  /// - Parameter url: `http://127.0.0.1:PORT`
  static func connect(to url: String) throws -> Int32 {
    guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw RawConnection.Failure(description: "no port in \(url)")
    }
    let descriptor = try socket()
    var address = address(port)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        Foundation.connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw RawConnection.Failure(description: "cannot connect to \(url): \(reason)")
    }
    return descriptor
  }
}
