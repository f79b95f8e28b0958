import CLinux
import Glibc

/// An open file, closed when nobody holds it any more. Calls block: they are made on a thread pool.
final class FileDescriptor: Sendable {
  let number: CInt

  /// - Throws: `missing`, `diskFull` or `failed`.
  init(_ path: String, _ flags: CInt) throws {
    var number: CInt
    repeat { number = Glibc.open(path, flags | O_CLOEXEC, 0o600) } while number < 0 && errno == EINTR
    guard number >= 0 else { throw ImageStoreError.system("open", path) }
    self.number = number
  }

  /// A file of these bytes that is on no disk but in memory; nil where the system gives none.
  init?(inMemory bytes: UnsafeRawBufferPointer) {
    let number = firmament_memory_file(bytes.baseAddress, bytes.count)
    guard number >= 0 else { return nil }
    self.number = number
  }

  deinit { Glibc.close(number) }

  var size: Int64 {
    get throws { Int64(try status().st_size) }
  }

  func status() throws -> stat {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw ImageStoreError.system("stat", "") }
    return status
  }

  /// Fills the buffer from the offset on; fewer bytes only at the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
    var done = 0
    while done < buffer.count, let base = buffer.baseAddress {
      let count = pread(number, base + done, buffer.count - done, off_t(offset) + off_t(done))
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw ImageStoreError.system("read", "")
      }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pwrite(number, base + done, bytes.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw ImageStoreError.system("write", "")
      }
      done += count
    }
  }

  func synchronize() throws {
    guard fsync(number) == 0 else { throw ImageStoreError.system("sync", "") }
  }

  func truncate(to size: Int64) throws {
    guard ftruncate(number, off_t(size)) == 0 else { throw ImageStoreError.system("truncate", "") }
  }
}

/// What the store does with folders and names.
enum FileTree {
  static func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw ImageStoreError.system("create", path) }
  }

  /// Makes the names in a folder durable.
  static func synchronizeFolder(_ path: String) throws {
    try FileDescriptor(path, O_RDONLY | O_DIRECTORY).synchronize()
  }

  static func rename(_ from: String, _ to: String) throws {
    guard Glibc.rename(from, to) == 0 else { throw ImageStoreError.system("rename", from) }
  }

  /// Removing what is gone is a success.
  static func remove(_ path: String) throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw ImageStoreError.system("remove", path) }
  }

  /// Size in bytes and time of the last change in seconds; nil where there is no such file.
  static func describe(_ path: String) throws -> (size: Int64, changed: Int64)? {
    var status = stat()
    if stat(path, &status) == 0 { return (Int64(status.st_size), Int64(status.st_mtim.tv_sec)) }
    guard errno == ENOENT || errno == ENOTDIR else { throw ImageStoreError.system("stat", path) }
    return nil
  }

  static func isFolder(_ path: String) throws -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { throw ImageStoreError.system("stat", path) }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// Sets the time of the last change to now.
  static func touch(_ path: String) { utimensat(AT_FDCWD, path, nil, 0) }

  /// The names in a folder, without `.` and `..`.
  static func names(in path: String) throws -> [String] {
    guard let folder = opendir(path) else { throw ImageStoreError.system("list", path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

extension ImageStoreError {
  /// The error that `errno` tells of.
  static func system(_ verb: String, _ path: String) -> ImageStoreError {
    let number = errno
    switch number {
    case ENOSPC, EDQUOT: return ImageStoreError(.diskFull, "no space left for images")
    case ENOENT: return ImageStoreError(.missing, "no such file")
    default: return ImageStoreError(.failed, "could not \(verb) \(path): \(String(cString: strerror(number)))")
    }
  }
}
