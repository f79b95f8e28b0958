import Foundation
import TestSupport

/// An image of any size that no packer can shrink, in a file: the same bytes for the same seed.
struct SeededImage: Sendable {
  let path: String
  let size: Int
  /// The SHA-256 in hexadecimal.
  let sha256: String

  init(_ size: Int, seed: UInt64, in folder: TemporaryFolder) async throws {
    self.size = size
    path = "\(folder.path)/seeded-\(size)-\(seed).bin"
    // The key stream of AES in counter mode is as random as one likes, and quick even where Swift is not optimised.
    let key = String(repeating: "0", count: 32 - String(seed, radix: 16).count) + String(seed, radix: 16)
    let script =
      "head -c \(size) /dev/zero | openssl enc -aes-128-ctr -nosalt -K \(key) -iv 00000000000000000000000000000000 > \"$1\""
    let made = try await Program.run("bash", ["-euo", "pipefail", "-c", script, "bash", path])
    guard made.status == 0, sizeOfFile(path) == size else { throw Workshop.CommandFailed(arguments: [script], result: made) }
    sha256 = try Self.sha256(ofFile: path)
  }

  static func sha256(ofFile path: String) throws -> String { Array(try Data(contentsOf: URL(fileURLWithPath: path))).sha256 }

  /// The bytes of a range of it.
  func bytes(_ range: Range<Int>) throws -> Data {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.seek(toOffset: UInt64(range.lowerBound))
    return try file.read(upToCount: range.count) ?? Data()
  }
}
