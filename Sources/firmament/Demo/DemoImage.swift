import Foundation

/// Bytes that stand for a firmware: the same for the same version in every run, and of no known image format.
enum DemoImage {
  /// No multiple of any range or page, so that last ranges are short.
  static let size = 150_001

  static func bytes(for version: String) -> Data {
    var data = Data("Firmament demonstration lamp \(version)\n".utf8)
    // FNV-1a over the version seeds a xorshift generator.
    var state = version.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } | 1
    while data.count < size {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      withUnsafeBytes(of: state.littleEndian) { data.append(contentsOf: $0) }
    }
    return data.prefix(size)
  }
}
