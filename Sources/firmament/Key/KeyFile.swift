import Cryptography
import Foundation

/// A key in a PEM file.
struct KeyFile: TextRendering {
  /// The longest PEM that is read, in bytes.
  static let longest = 64 << 10

  let id: String
  let type: String
  let file: String
  /// Where the public half is, when it was just written.
  var publicFile: String?

  var text: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("type", type)
    fields.add("file", file)
    fields.add("public", publicFile)
    return fields.text
  }

  /// `engineer.pub.pem` for `engineer.pem`.
  static func publicPath(beside path: String) -> String {
    (path.hasSuffix(".pem") ? String(path.dropLast(4)) : path) + ".pub.pem"
  }

  /// Reads a private key, with a warning on standard error when others may read it too.
  static func privateKey(_ path: String) throws -> PrivateKey {
    let pem = try text(path)
    let mode = (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0o600
    if mode & 0o044 != 0 {
      StandardStream.error.write("firmament: warning: \(path) can be read by others: chmod 600 \(path)\n")
    }
    do {
      return try PrivateKey(pem: pem)
    } catch {
      throw CommandFailure("\(path) is no private key: \(error); firmament key generate makes one")
    }
  }

  static func text(_ path: String) throws -> String {
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure("\(path) does not exist: firmament key generate \(path) makes a key")
    }
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: longest + 1),
      data.count <= longest
    else { throw CommandFailure("\(path) is no key file that you may read") }
    return String(decoding: data, as: UTF8.self)
  }
}
