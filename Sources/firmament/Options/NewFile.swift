import Foundation

/// A file that must not exist before: created exclusively, with its mode from the first moment, and on disk once it is made.
enum NewFile {
  /// - Throws: `CommandFailure` when something has that name already, or it cannot be written; then nothing is left behind.
  static func create(_ path: String, mode: mode_t, text: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else {
      if errno == EEXIST { throw CommandFailure("\(path) exists already: choose another name, nothing was overwritten") }
      throw CommandFailure("cannot create \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var remaining = Array(text.utf8)[...]
    while !remaining.isEmpty {
      let written = remaining.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw abandon(path) }
      remaining = remaining.dropFirst(written)
    }
    guard fsync(file) == 0 else { throw abandon(path) }
  }

  private static func abandon(_ path: String) -> CommandFailure {
    let reason = String(cString: strerror(errno))
    unlink(path)
    return CommandFailure("cannot write \(path): \(reason)")
  }
}
