import Foundation

/// The files under `Sources/Dashboard/Assets` as they are on the disk.
struct AssetFolder {
  /// The bytes of each by its name.
  let files: [String: [UInt8]]

  static func read() throws -> AssetFolder {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appending(path: "Sources/Dashboard/Assets")
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      files[name] = Array(try Data(contentsOf: folder.appending(path: name)))
    }
    return AssetFolder(files: files)
  }
}
