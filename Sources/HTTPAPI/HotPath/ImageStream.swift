import FirmwareService
import NIOCore

/// An image on its way to one connection, in pieces. The system sends them from the image's file; where they have to be
/// encrypted, they are read, or come from memory: what is encrypted is a copy, which must not become as large as the image for
/// each client that takes its time. It is used on the connection's event loop alone.
final class ImageStream {
  /// Bytes that are encrypted at a time: the next when these have left.
  static let encryptedPieceSize: Int64 = 128 * 1024

  private let download: FirmwareDownload
  private let isEncrypted: Bool
  /// Whether the connection ends with it.
  let closes: Bool
  private var next: Int64
  private let end: Int64
  private var isLoading = false
  private var unsent = 0
  /// Pieces that wait or are being sent, at most.
  private let mostUnsent: Int
  /// Bytes, at most.
  private let pieceSize: Int64

  init(_ download: FirmwareDownload, _ range: Range<Int64>, isEncrypted: Bool, closes: Bool) {
    self.download = download
    self.isEncrypted = isEncrypted
    self.closes = closes
    (mostUnsent, pieceSize) = isEncrypted ? (1, Self.encryptedPieceSize) : (2, FirmwareDownload.pieceSize)
    next = range.lowerBound
    end = range.upperBound
  }

  /// Whether anything waits to be sent.
  var waits: Bool { unsent > 0 }

  /// Whether all of it was loaded.
  var hasEnded: Bool { next == end }

  /// Whether a piece is to be loaded now: not while another is, and not while enough of them wait.
  var mayBegin: Bool { !isLoading && unsent < mostUnsent && next < end }

  /// The piece to be loaded now; nil where none is.
  func begin() -> Range<Int64>? {
    guard mayBegin else { return nil }
    isLoading = true
    return next..<min(next + pieceSize, end)
  }

  /// A piece that can be sent at once; nil for one that has to come from the disk first, for which nobody else may wait.
  /// - Throws: where it cannot be read.
  func loaded(_ piece: Range<Int64>) throws -> IOData? {
    isEncrypted ? download.slice(piece).map { .byteBuffer($0) } : try download.loaded(piece).map { .fileRegion($0) }
  }

  /// The same, once it comes from the disk; fails where it cannot be read.
  func load(_ piece: Range<Int64>, on loop: any EventLoop) -> EventLoopFuture<IOData> {
    guard isEncrypted else { return download.load(piece, on: loop).map { .fileRegion($0) } }
    return download.read(piece, on: loop).map { .byteBuffer($0) }
  }

  func wasLoaded(_ piece: Range<Int64>) {
    isLoading = false
    next = piece.upperBound
    unsent += 1
  }

  func wasSent(_ piece: Range<Int64>) {
    unsent -= 1
    download.sent(piece)
  }
}
