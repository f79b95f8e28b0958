import Cryptography
import Domain
import Foundation

/// The folder of a store, held by this process alone: the lock, the keys, and where things lie that no room owns.
final class StoreFolder: Sendable {
  let path: String
  /// Held open: the lock ends with it.
  private let lock: CInt

  var catalog: String { "\(path)/catalog.sqlite" }
  /// Where mails are written when there is no mail server.
  var outbox: String { "\(path)/outbox" }
  /// Where a simulated clock has come to. Only a store that was simulated has it.
  var simulatedClock: String { "\(path)/simulation.clock" }
  private var keyFile: String { "\(path)/keys/store.key" }
  private var tokenFile: String { "\(path)/operator.token" }
  private var addressFile: String { "\(path)/server.url" }

  /// Takes the folder; creates it where that is allowed.
  /// - Throws: `CommandFailure` when there is none, or another process holds it.
  init(_ path: String, create: Bool) throws {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if create {
      do {
        try FileManager.default.createDirectory(
          atPath: self.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw CommandFailure("cannot create the store \(path): \(error.localizedDescription)")
      }
    }
    lock = open(self.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else { throw CommandFailure("there is no store in \(path): give the folder of one with --store") }
    guard Self.lock(lock) else {
      close(lock)
      throw CommandFailure("another firmament server runs on the store \(path): stop it first, or give another --store")
    }
  }

  deinit { close(lock) }

  /// A server that was killed a moment ago may still be on its way out, so the lock is tried for two seconds.
  private static func lock(_ folder: CInt) -> Bool {
    for _ in 0..<20 {
      if flock(folder, LOCK_EX | LOCK_NB) == 0 { return true }
      usleep(100_000)
    }
    return flock(folder, LOCK_EX | LOCK_NB) == 0
  }

  /// The key that seals tokens and codes; made on the first start.
  /// - Throws: `CommandFailure` when a catalog is there but its key is not: a new one could read nothing in it.
  func sealingKey() throws -> SealingKey {
    if let text = try? String(contentsOfFile: keyFile, encoding: .utf8) {
      guard let bytes = Hexadecimal.decode(text.trimmingCharacters(in: .whitespacesAndNewlines)),
        let key = SealingKey(bytes: bytes)
      else { throw CommandFailure("\(keyFile) is damaged: restore it from a backup of the store") }
      return key
    }
    guard !FileManager.default.fileExists(atPath: catalog) else {
      throw CommandFailure("\(keyFile) is missing or cannot be read: restore it from a backup of the store")
    }
    let bytes = RandomBytes.generate(SealingKey.length)
    try FileManager.default.createDirectory(
      atPath: "\(path)/keys", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try write(Hexadecimal.encode(bytes) + "\n", to: keyFile)
    guard let key = SealingKey(bytes: bytes) else { throw CommandFailure("no key could be made") }
    return key
  }

  /// The first operator's token; made on the first start, and again when the file was deleted.
  func operatorToken() throws -> String {
    if let text = try? String(contentsOfFile: tokenFile, encoding: .utf8) {
      let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
      if token.utf8.count >= 32 { return token }
    }
    let token = Base64URL.encode(RandomBytes.generate(32))
    try write(token + "\n", to: tokenFile)
    return token
  }

  /// The clock of the store: a simulated one where a scale is given.
  /// - Returns: nil for the real one.
  /// - Throws: `CommandFailure` for the real clock of a store whose times lie ahead of it.
  func clock(timeScale: Int?, now: Timestamp) throws -> SimulatedClock? {
    if let timeScale { return try SimulatedClock(file: simulatedClock, scale: timeScale, now: now) }
    guard !FileManager.default.fileExists(atPath: simulatedClock) else {
      throw CommandFailure(
        "the store \(path) was served with a simulated clock, and its times may lie in the future: serve it with "
          + "--simulation, or give another --store")
    }
    return nil
  }

  /// Tells commands on this machine where the server listens.
  func announce(_ address: String) throws { try write(address + "\n", to: addressFile) }

  func withdrawAnnouncement() { unlink(addressFile) }

  /// Writes a file whole or not at all, 0600, and on the disk when this returns.
  private func write(_ text: String, to file: String) throws {
    let staged = "\(file).new"
    unlink(staged)
    try NewFile.create(staged, mode: 0o600, text: text)
    guard rename(staged, file) == 0 else {
      throw CommandFailure("cannot write \(file): \(String(cString: strerror(errno)))")
    }
    let folder = open((file as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }
}
