/// The body of a 206 with several ranges, by RFC 9110 section 14.6: what to send in which order, and how long that will be.
///
/// It holds no image bytes: the caller sends a `.text` as it is and the bytes of the image for a `.bytes`.
struct MultipartByteRanges: Sendable {
  enum Piece: Equatable, Sendable {
    case text(String)
    case bytes(Range<Int64>)
  }

  let boundary: String
  let pieces: [Piece]
  /// The length of all pieces, known before the first is sent.
  let contentLength: Int64

  /// `ranges` are those of a `RangeRequest` for a representation of `size` bytes, `partType` its Content-Type.
  init(ranges: [Range<Int64>], size: Int64, partType: String, boundary: String = Self.randomBoundary()) {
    var pieces: [Piece] = []
    var separator = "--"
    for range in ranges {
      let position = "\(range.lowerBound)-\(range.upperBound - 1)/\(size)"
      pieces.append(.text("\(separator)\(boundary)\r\nContent-Type: \(partType)\r\nContent-Range: bytes \(position)\r\n\r\n"))
      pieces.append(.bytes(range))
      separator = "\r\n--"
    }
    pieces.append(.text("\(separator)\(boundary)--\r\n"))
    self.boundary = boundary
    self.pieces = pieces
    contentLength = pieces.reduce(0) { sum, piece in
      switch piece {
      case .text(let text): sum + Int64(text.utf8.count)
      case .bytes(let range): sum + range.upperBound - range.lowerBound
      }
    }
  }

  /// The Content-Type of the response.
  var contentType: String { "multipart/byteranges; boundary=\(boundary)" }

  /// 128 random bits, so that no image contains the boundary but by intent.
  static func randomBoundary() -> String {
    let digits = Array("0123456789abcdef".utf8)
    var generator = SystemRandomNumberGenerator()
    return String(decoding: (0..<32).map { _ in digits[Int(generator.next() & 15)] }, as: UTF8.self)
  }
}
