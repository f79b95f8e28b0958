import NIOCore

/// Finds the end of one request head, and the bare line feeds of one whose request line ends with such, over any number of
/// reads.
struct HeadScanner {
  /// How a CRLF head ends.
  static let end: [UInt8] = [13, 10, 13, 10]

  private enum LineEnds {
    case unknown
    /// By the request line; so many bytes of `end` have just been seen.
    case crlf(Int)
    case bare
  }

  private var lineEnds = LineEnds.unknown
  private var previous: UInt8 = 0
  /// Whether the line so far holds nothing, but perhaps one CR.
  private var lineIsBlank = true
  /// A byte other than the blank lines before a head has been seen.
  private(set) var hasBegun = false
  private(set) var hasEnded = false
  /// Where in the bytes scanned last a CR is missing, counted from their start.
  var bareLineFeeds: [Int] = []

  /// Scans to the end of the head or of the bytes, and returns how many bytes of them belong to the head.
  mutating func scan(_ bytes: ByteBufferView) -> Int {
    bytes.withUnsafeBytes { bytes in
      for (offset, byte) in bytes.enumerated() {
        if hasBegun || (byte != 13 && byte != 10) { step(byte, at: offset) }
        if hasEnded { return offset + 1 }
      }
      return bytes.count
    }
  }

  private mutating func step(_ byte: UInt8, at offset: Int) {
    hasBegun = true
    switch lineEnds {
    case .unknown:
      if byte == 10 { endRequestLine(at: offset) }
    case .crlf(let matched):
      let next = byte == Self.end[matched] ? matched + 1 : (byte == 13 ? 1 : 0)
      if next == Self.end.count { hasEnded = true } else { lineEnds = .crlf(next) }
    case .bare:
      stepBare(byte, at: offset)
    }
    previous = byte
  }

  private mutating func endRequestLine(at offset: Int) {
    if previous == 13 {
      lineEnds = .crlf(2)
    } else {
      lineEnds = .bare
      bareLineFeeds.append(offset)
    }
  }

  private mutating func stepBare(_ byte: UInt8, at offset: Int) {
    switch byte {
    case 10:
      if previous != 13 { bareLineFeeds.append(offset) }
      if lineIsBlank { hasEnded = true }
      lineIsBlank = true
    case 13 where lineIsBlank && previous == 10:
      break
    default:
      lineIsBlank = false
    }
  }

  /// The bytes scanned last with a CR before each bare line feed.
  func withCarriageReturns(_ bytes: ByteBuffer, allocator: ByteBufferAllocator) -> ByteBuffer {
    var result = allocator.buffer(capacity: bytes.readableBytes + bareLineFeeds.count)
    let view = bytes.readableBytesView
    var start = view.startIndex
    for lineFeed in bareLineFeeds {
      let end = view.index(view.startIndex, offsetBy: lineFeed)
      result.writeBytes(view[start..<end])
      result.writeInteger(UInt8(13))
      start = end
    }
    result.writeBytes(view[start...])
    return result
  }
}
