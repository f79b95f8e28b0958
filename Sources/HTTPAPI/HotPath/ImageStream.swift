import FirmwareService
import NIOCore

/// An image on its way from the disk to one connection, in pieces. It is used on the connection's event loop alone.
final class ImageStream {
  /// Pieces that were read and have not left yet, at most.
  private static let mostUnsent = 2

  let download: FirmwareDownload
  /// Whether the connection ends with it.
  let closes: Bool
  private var next: Int64
  private let end: Int64
  private var isReading = false
  private var unsent = 0

  init(_ download: FirmwareDownload, _ range: Range<Int64>, closes: Bool) {
    self.download = download
    self.closes = closes
    next = range.lowerBound
    end = range.upperBound
  }

  /// Whether all of it was read.
  var hasEnded: Bool { next == end }

  /// The piece to be read now; nil while another is being read, and while enough of them wait.
  func begin() -> Range<Int64>? {
    guard !isReading, unsent < Self.mostUnsent, next < end else { return nil }
    isReading = true
    return next..<min(next + FirmwareDownload.pieceSize, end)
  }

  func wasRead(_ piece: Range<Int64>) {
    isReading = false
    next = piece.upperBound
    unsent += 1
  }

  func wasSent(_ piece: Range<Int64>) {
    unsent -= 1
    download.sent(piece)
  }
}
