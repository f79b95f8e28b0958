import NIOCore

/// Writes the bytes of an answer one after the other into memory that was made for them.
struct AnswerPen {
  private let space: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  /// Adds what `write` writes to a buffer.
  /// - Parameter capacity: at least as many bytes as are written.
  static func add(to buffer: inout ByteBuffer, capacity: Int, _ write: (inout AnswerPen) -> Void) {
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { space in
      var pen = AnswerPen(space: space)
      write(&pen)
      return pen.count
    }
  }

  private init(space: UnsafeMutableRawBufferPointer) { self.space = space }

  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    // The pointer checks this in debug builds alone.
    precondition(bytes.count <= space.count - count, "an answer is longer than was said")
    UnsafeMutableRawBufferPointer(rebasing: space[count..<(count + bytes.count)]).copyMemory(from: bytes)
    count += bytes.count
  }

  mutating func write(_ text: StaticString) {
    write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  mutating func write(_ text: String) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  mutating func write(_ number: Int64) { write(String(number)) }
}
