import Foundation
import Synchronization

/// A TCP connection that sends exactly the bytes it is given, to a server in this process. Every call ends within two
/// minutes.
final class WireClient: ByteClient {
  struct Failure: Error, CustomStringConvertible { let description: String }

  private let descriptor: Int32
  private let isOpen = Mutex(true)
  let received = ReceivedBytes()

  /// - Parameter receiveBuffer: how much the system may take in for us, in bytes; as much as it likes where nothing is said.
  init(port: Int?, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
    // `sockaddr_in` by its bytes: whether the compiler sees the members depends on what other files of the target import.
    let (host, port) = ([127, 0, 0, 1] as [UInt8], UInt16(port ?? 0))
    let family = withUnsafeBytes(of: sa_family_t(AF_INET)) { Array($0) }
    let address = family + [UInt8(port >> 8), UInt8(port & 0xFF)] + host + [UInt8](repeating: 0, count: 8)
    let outcome = address.withUnsafeBytes { bytes in
      connect(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
    guard outcome == 0 else { throw Failure(description: "cannot connect: \(String(cString: strerror(errno)))") }
  }

  deinit { close() }

  func close() {
    isOpen.withLock { isOpen in
      if isOpen { _ = Foundation.close(descriptor) }
      isOpen = false
    }
  }

  /// Says that nothing more will be sent.
  func finish() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// Closes without a farewell: the server sees a reset.
  func reset() {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func send(_ bytes: [UInt8]) {
    // Less than any socket takes at once.
    _ = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Sends the same over and over, up to so many bytes, or until the other side has taken nothing for a second.
  /// - Returns: how many bytes the system took.
  func flood(_ text: String, upTo most: Int) -> Int {
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let bytes = Array(String(repeating: text, count: 1000).utf8)
    var taken = 0
    while taken < most {
      let offset = taken % bytes.count
      let count = bytes[offset...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }
      taken += count
    }
    return taken
  }

  /// - Returns: nil at the end of the connection, also where it was reset.
  func receive() async throws -> [UInt8]? {
    let descriptor = descriptor
    let result: Result<[UInt8]?, Failure> = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var count = recv(descriptor, &buffer, buffer.count, 0)
        while count < 0, errno == EINTR { count = recv(descriptor, &buffer, buffer.count, 0) }
        let problem = errno
        if count > 0 {
          continuation.resume(returning: .success(Array(buffer[..<count])))
        } else if count == 0 || problem == ECONNRESET {
          continuation.resume(returning: .success(nil))
        } else {
          continuation.resume(returning: .failure(Failure(description: "nothing came: \(String(cString: strerror(problem)))")))
        }
      }
    }
    return try result.get()
  }
}
