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

/// Steele's SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}
