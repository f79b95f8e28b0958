/// Random access to an image without holding it whole. Reads and digests may touch a disk.
public protocol ImageBytes: Sendable {
  /// The length of the image in bytes.
  var size: Int64 { get }

  /// Exactly `count` bytes from `offset`. It is never called for bytes outside `0..<size`, nor for more than 1 MiB.
  func read(at offset: Int64, count: Int) throws -> [UInt8]

  /// The SHA-256, 32 bytes, of a range inside `0..<size`.
  func sha256(of range: Range<Int64>) throws -> [UInt8]
}
