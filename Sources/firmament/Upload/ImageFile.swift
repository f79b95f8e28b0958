import Cryptography
import Domain
import Foundation

/// A file that is to become an image: its size and digest, read once without holding it in memory.
struct ImageFile: Sendable {
  static let chunkBytes = 1 << 20

  let path: String
  let size: Int64
  let digest: ImageDigest

  var name: String { String(path.split(separator: "/").last ?? "") }

  /// - Throws: `CommandFailure` unless the path is a regular file that can be read and is not empty.
  init(reading path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CommandFailure("\(path) does not exist: give the firmware image that your build made")
    }
    let type = try? FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[
      .type]
    guard !isFolder.boolValue, type as? FileAttributeType == .typeRegular else {
      throw CommandFailure("\(path) is not a file: give the firmware image that your build made")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure("\(path) cannot be read: check its permissions")
    }
    let hasher = SHA256Hasher()
    var size: Int64 = 0
    do {
      while let data = try handle.read(upToCount: Self.chunkBytes), !data.isEmpty {
        data.withUnsafeBytes(hasher.update)
        size += Int64(data.count)
      }
    } catch {
      throw CommandFailure("\(path) cannot be read to its end: check the disk")
    }
    guard size > 0 else { throw CommandFailure("\(path) is empty: an image has at least one byte") }
    guard let digest = ImageDigest(bytes: hasher.finish()) else { preconditionFailure("a SHA-256 has 32 bytes") }
    self.path = path
    self.size = size
    self.digest = digest
  }
}
