import Foundation
import Synchronization
import TestSupport

/// A TCP connection that sends exactly the bytes it is given. Calls block on a thread of their own, and every one ends within
/// `patience`.
final class RawConnection: Sendable {
  /// Seconds that a read or a write may take.
  static let patience = 120

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let descriptor: Int32
  private let isOpen = Mutex(true)
  /// What was read beyond the last answer.
  private let rest = Mutex<[UInt8]>([])

  /// - Parameter url: `http://127.0.0.1:PORT`
  init(_ url: String) throws {
    guard let port = URL(string: url)?.port else { throw Failure(description: "no port in \(url)") }
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let outcome = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard outcome == 0 else { throw Failure(description: "cannot connect to \(url): \(String(cString: strerror(errno)))") }
  }

  deinit { close() }

  func close() {
    isOpen.withLock { isOpen in
      if isOpen { _ = Foundation.close(descriptor) }
      isOpen = false
    }
  }

  /// Closes our direction: the server sees the end of what we send, and may still answer.
  func closeSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends both directions, and with them any send or read that waits on another thread.
  func endBoth() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends all the bytes.
  /// - Returns: false where the server has closed before it took them all.
  @discardableResult func send(_ bytes: [UInt8]) async -> Bool {
    await offThread { [descriptor] in
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { piece in
          Foundation.send(descriptor, piece.baseAddress, piece.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  @discardableResult func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

  /// The next answer; interim ones (1xx) are skipped.
  /// - Parameter toHead: whether the request was HEAD, whose answer has no body.
  /// - Throws: `Failure` where the connection ends, or nothing comes for `patience`, before the answer is whole.
  func answer(toHead: Bool = false) async throws -> RawAnswer {
    let begun = rest.withLock { $0 }
    let (answer, after) = try await offThread { [descriptor] in
      Result { try Self.read(descriptor, begun, toHead) }
    }.get()
    rest.withLock { $0 = after }
    return answer
  }

  /// Everything up to the end of the connection.
  /// - Throws: `Failure` where the server neither sends nor closes for `patience`.
  func readToEnd() async throws -> [UInt8] {
    let begun = rest.withLock { $0 }
    return try await offThread { [descriptor] in
      Result {
        var bytes = begun
        while let piece = try Self.piece(descriptor) { bytes += piece }
        return bytes
      }
    }.get()
  }

  /// - Returns: nil at the end of the connection, also where it was reset.
  private static func piece(_ descriptor: Int32) throws -> ArraySlice<UInt8>? {
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 { return buffer[..<count] }
      if count == 0 || errno == ECONNRESET { return nil }
      guard errno == EINTR else { throw Failure(description: "nothing came: \(String(cString: strerror(errno)))") }
    }
  }

  private static func read(_ descriptor: Int32, _ begun: [UInt8], _ toHead: Bool) throws -> (RawAnswer, [UInt8]) {
    var bytes = begun
    func more() throws {
      guard let piece = try piece(descriptor) else {
        throw Failure(description: "the connection ended after \(bytes.count) bytes of an answer")
      }
      bytes += piece
    }
    while true {
      while bytes.place(of: RawAnswer.endOfHead) == nil { try more() }
      guard let end = bytes.place(of: RawAnswer.endOfHead) else { continue }
      var answer = try RawAnswer(head: bytes[..<end.lowerBound])
      bytes.removeFirst(end.upperBound)
      if (100..<200).contains(answer.status) { continue }
      if toHead || answer.status == 304 || answer.status == 204 { return (answer, bytes) }
      guard let length = answer["content-length"].flatMap({ Int($0) }) else {
        throw Failure(description: "an answer \(answer.status) without Content-Length")
      }
      while bytes.count < length { try more() }
      answer.body = Array(bytes[..<length])
      bytes.removeFirst(length)
      return (answer, bytes)
    }
  }
}

/// Runs a blocking call on a thread of its own: the shared queues grow by a thread a second when theirs are held.
func offThread<Value: Sendable>(_ call: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: call()) }
  }
}
