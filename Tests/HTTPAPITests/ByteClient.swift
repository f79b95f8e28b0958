import Synchronization
import TestSupport

/// A connection, encrypted or not, that sends exactly the bytes it is given.
protocol ByteClient: Sendable {
  var received: ReceivedBytes { get }

  func send(_ bytes: [UInt8])

  /// What comes next.
  /// - Returns: nil at the end of the connection.
  func receive() async throws -> [UInt8]?
}

/// What was received and not yet asked for.
final class ReceivedBytes: Sendable {
  fileprivate let rest = Mutex<[UInt8]>([])
}

extension ByteClient {
  func send(_ text: String) { send(Array(text.utf8)) }

  func get(_ path: String, _ headers: [String] = []) {
    send((["GET \(path) HTTP/1.1", "Host: a"] + headers + ["", ""]).joined(separator: "\r\n"))
  }

  /// Everything up to the end of `marker`.
  func read(through marker: String) async throws -> String {
    String(decoding: try await read { bytes in bytes.place(of: Array(marker.utf8))?.upperBound }, as: UTF8.self)
  }

  func read(_ count: Int) async throws -> [UInt8] { try await read { $0.count >= count ? count : nil } }

  /// Everything up to the end of the connection.
  func readToEnd() async throws -> [UInt8] {
    var all = received.rest.withLock { rest in
      defer { rest = [] }
      return rest
    }
    while let piece = try await receive() { all += piece }
    return all
  }

  private func read(_ end: ([UInt8]) -> Int?) async throws -> [UInt8] {
    var bytes = received.rest.withLock { $0 }
    while true {
      if let end = end(bytes) {
        let after = Array(bytes[end...])
        received.rest.withLock { $0 = after }
        return Array(bytes[..<end])
      }
      guard let piece = try await receive() else {
        throw WireClient.Failure(
          description: "the connection ended after \(String(decoding: bytes, as: UTF8.self).debugDescription)")
      }
      bytes += piece
    }
  }
}
