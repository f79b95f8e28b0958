internal import Domain

/// Bounded reads of an image on behalf of one format: a read past the end is that format's `truncated`, never a trap.
struct ImageReader {
  static let pieceSize: Int64 = 65_536

  let format: ImageFormat
  let size: Int64
  private let image: any ImageBytes

  init(_ image: any ImageBytes, _ format: ImageFormat) {
    self.image = image
    self.format = format
    size = max(0, image.size)
  }

  /// Exactly `count` bytes.
  func bytes(at offset: Int64, count: Int) throws -> [UInt8] {
    guard offset >= 0, count >= 0, offset <= size, Int64(count) <= size - offset else {
      throw error(.truncated, ["offset": String(offset)])
    }
    if count == 0 { return [] }
    let bytes = try image.read(at: offset, count: count)
    guard bytes.count == count else { throw error(.shortRead, ["offset": String(offset)]) }
    return bytes
  }

  /// `limit` bytes, or as many as there are from `offset` to the end.
  func bytes(at offset: Int64, upTo limit: Int) throws -> [UInt8] {
    try bytes(at: offset, count: Int(min(Int64(limit), max(0, size - offset))))
  }

  /// Gives the bytes of the range in order, in pieces.
  func forEachPiece(of range: Range<Int64>, _ body: ([UInt8]) throws -> Void) throws {
    guard range.upperBound <= size else { throw error(.truncated, ["offset": String(range.upperBound)]) }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(Self.pieceSize, range.upperBound - offset)
      try body(bytes(at: offset, count: Int(count)))
      offset += count
    }
  }

  func crc32(of range: Range<Int64>) throws -> CRC32 {
    var sum = CRC32()
    try forEachPiece(of: range) { sum.update($0) }
    return sum
  }

  func sha256(of range: Range<Int64>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= size else { throw error(.truncated, ["offset": String(range.upperBound)]) }
    return try image.sha256(of: range)
  }

  func error(_ code: ImageFormatError.Code, _ fields: [String: String] = [:]) -> ImageFormatError {
    ImageFormatError(code, format, fields)
  }
}

/// Numbers and texts out of a header that was read whole. The offsets are constants of a format, inside what was read.
extension [UInt8] {
  func little16(_ at: Int) -> UInt16 { UInt16(self[at]) | UInt16(self[at + 1]) << 8 }
  func little32(_ at: Int) -> UInt32 { UInt32(little16(at)) | UInt32(little16(at + 2)) << 16 }
  func big32(_ at: Int) -> UInt32 { little32(at).byteSwapped }

  /// The text of a field that ends at its first zero: nil unless it is 1 to 64 printable characters.
  func fieldText(_ range: Range<Int>) -> String? { PrintableText.fromField(self[range]) }
}

extension PrintableText {
  static func fromField(_ field: some Collection<UInt8>) -> String? {
    let bytes = field.prefix { $0 != 0 }
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let trimmed = text.drop { $0 == " " }
    let end = trimmed.lastIndex { $0 != " " }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
    let name = String(trimmed[..<end])
    return isName(name) ? name : nil
  }
}
