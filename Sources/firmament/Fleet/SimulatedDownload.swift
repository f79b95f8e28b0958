import APIClient
import APIContract
import Cryptography
import Domain
import NIOCore

/// A firmware on its way to a simulated thing, range by range. The bytes that have come are kept, whatever happens.
struct SimulatedDownload: Sendable {
  let firmware: LatestFirmware
  private(set) var position: Int64 = 0
  private var hasher = SHA256Hasher()
  private var etag: String?
  private var digest: ImageDigest?

  init(_ firmware: LatestFirmware) { self.firmware = firmware }

  var isComplete: Bool { digest != nil }

  /// Whether the bytes are the ones that were announced.
  var isSound: Bool { digest == firmware.sha256 }

  /// Fetches the next range.
  /// - Throws: `APIClientError`, after what had come was kept.
  mutating func fetch(_ world: SimulatedWorld, token: String) async throws {
    if position == firmware.size { return digest = ImageDigest(bytes: hasher.finish()) }
    let first = position
    let last = min(first + world.plan.rangeBytes, firmware.size) - 1
    let hasher = hasher
    var received: Int64 = 0
    defer { world.tally.note { [received] in $0.bytes += received } }
    let head: ThingClient.DownloadHead
    do {
      head = try await world.client.download(
        token: token, firmware: firmware._id, range: first...last, etag: etag
      ) { chunk in
        chunk.withUnsafeReadableBytes(hasher.update)
        received += Int64(chunk.readableBytes)
      }
    } catch let error as APIClientError {
      position += received
      if error.status == 416 { begin() }
      throw error
    }
    guard head.status == 206 && received == last - first + 1 || first == 0 && received == firmware.size else {
      begin()
      throw APIClientError(.corrupted, "a download of firmware \(firmware._id) had other bytes than the ones asked for")
    }
    position += received
    etag = head.etag
    if position == firmware.size { digest = ImageDigest(bytes: hasher.finish()) }
  }

  /// Throws away what has come.
  private mutating func begin() {
    position = 0
    hasher = SHA256Hasher()
    etag = nil
  }
}
