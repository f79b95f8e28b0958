import ImageFormats

/// An image in memory, which fails the test run's way of reading when asked for bytes that it does not have.
struct MemoryImage: ImageBytes {
  struct OutOfBounds: Error {}

  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var size: Int64 { Int64(bytes.count) }

  func read(at offset: Int64, count: Int) throws -> [UInt8] {
    guard offset >= 0, count > 0, count <= 1 << 20, offset + Int64(count) <= size else { throw OutOfBounds() }
    return Array(bytes[Int(offset)..<(Int(offset) + count)])
  }

  func sha256(of range: Range<Int64>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= size else { throw OutOfBounds() }
    return SHA256.digest(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
  }
}
