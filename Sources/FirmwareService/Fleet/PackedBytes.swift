import Domain

/// Writes values one behind the other into a row of bytes that stays in memory.
///
/// Numbers are written by zigzag in groups of seven bits, the lowest first; texts have their length before them; a byte of
/// flags tells what is there of what may be missing. It is never written to a disk, so its form may change.
struct PackedWriter {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(192) }

  mutating func append(_ number: Int64) {
    var rest = UInt64(bitPattern: (number << 1) ^ (number >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func append(_ number: Int) { append(Int64(number)) }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  mutating func append(_ time: Timestamp) { append(time.milliseconds) }

  mutating func append(_ text: String) {
    append(text.utf8.count)
    bytes += text.utf8
  }

  /// - Parameter present: what is there, from the lowest bit on.
  mutating func append(flags present: Bool...) {
    bytes.append(present.enumerated().reduce(0) { $1.element ? $0 | 1 << UInt8($1.offset) : $0 })
  }

  /// What another has written, as it is.
  mutating func append(_ written: PackedWriter) { bytes += written.bytes }
}

/// Reads what a `PackedWriter` has written, in the same order.
struct PackedReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func byte() -> UInt8 {
    defer { place += 1 }
    return bytes[place]
  }

  mutating func number() -> Int64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = byte()
      number |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1) }
      shift += 7
    }
  }

  mutating func count() -> Int { Int(number()) }

  mutating func skip(_ count: Int) { place += count }

  mutating func time() -> Timestamp { Timestamp(milliseconds: number()) }

  mutating func text() -> String {
    let length = count()
    defer { place += length }
    return String(decoding: bytes[place..<place + length], as: UTF8.self)
  }
}
