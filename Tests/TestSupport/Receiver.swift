import Foundation
import Synchronization

/// A server that takes each connection, notes its request, answers with the same text, and then stays silent, repeats itself, or
/// closes.
public final class Receiver: Sendable {
  public struct Failure: Error {}

  public let port: Int
  public var url: String { "http://127.0.0.1:\(port)" }
  private let listener: Int32
  private let notes = Notes()

  /// - Parameters:
  ///   - answer: the bytes of the answer.
  ///   - repeating: what follows over and over until the client leaves; nil for silence.
  ///   - closes: whether the connection is closed after the answer.
  public convenience init(answer: String, repeating: String? = nil, closes: Bool = false) throws {
    try self.init(repeating: repeating, closes: closes) { _ in answer }
  }

  /// - Parameter answer: the answer to a request, by its number from 0.
  public init(repeating: String? = nil, closes: Bool = false, _ answer: @escaping @Sendable (Int) -> String) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard bound == 0, listen(descriptor, 64) == 0 else { throw Failure() }
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
    }
    port = Int(in_port_t(bigEndian: address.sin_port))
    listener = descriptor
    let notes = notes
    Thread.detachNewThread {
      // Closed here alone: the number may belong to another receiver the moment after.
      defer { close(descriptor) }
      while true {
        let client = accept(descriptor, nil, nil)
        if client < 0, errno == EINTR { continue }
        guard client >= 0 else { return }
        Thread.detachNewThread { Self.serve(client, repeating, closes, answer, notes) }
      }
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  public var requests: [String] { notes.requests }

  /// Returns when there is a request.
  public func received() async { await notes.received() }

  private final class Notes: Sendable {
    private let state = Mutex<(requests: [String], waiting: [CheckedContinuation<Void, Never>])>(([], []))

    var requests: [String] { state.withLock { $0.requests } }

    func received() async {
      await withCheckedContinuation { continuation in
        let isThere = state.withLock { state in
          if state.requests.isEmpty { state.waiting.append(continuation) }
          return !state.requests.isEmpty
        }
        if isThere { continuation.resume() }
      }
    }

    /// - Returns: the number of the request.
    func note(_ request: String) -> Int {
      let (number, waiting) = state.withLock { state in
        state.requests.append(request)
        defer { state.waiting = [] }
        return (state.requests.count - 1, state.waiting)
      }
      for continuation in waiting { continuation.resume() }
      return number
    }
  }

  private static func serve(
    _ client: Int32, _ repeating: String?, _ closes: Bool, _ answer: (Int) -> String, _ notes: Notes
  ) {
    defer { close(client) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while !isWhole(bytes) {
      let count = receive(client, &buffer)
      guard count > 0 else { return }
      bytes += buffer[..<count]
    }
    var isSent = send(client, answer(notes.note(String(decoding: bytes, as: UTF8.self))))
    if let repeating, !repeating.isEmpty { while isSent { isSent = send(client, repeating) } }
    if closes { return }
    while receive(client, &buffer) > 0 {}
  }

  /// `recv(2)`, once more where a signal came between.
  private static func receive(_ client: Int32, _ buffer: inout [UInt8]) -> Int {
    while true {
      let count = recv(client, &buffer, buffer.count, 0)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  private static func send(_ client: Int32, _ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.isEmpty || Foundation.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0
  }

  /// Whether the head is there, and as much of a body as it announces.
  private static func isWhole(_ bytes: [UInt8]) -> Bool {
    guard let end = bytes.place(of: Array("\r\n\r\n".utf8))?.upperBound else { return false }
    let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased().components(separatedBy: "\r\n")
    let length = head.first { $0.hasPrefix("content-length:") }?.dropFirst(15).trimmingCharacters(in: .whitespaces)
    return bytes.count - end >= length.flatMap { Int($0) } ?? 0
  }
}
