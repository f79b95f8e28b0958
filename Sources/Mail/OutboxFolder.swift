import Domain
import Foundation
import NIOPosix

/// Where mails go when there is no mail server: a file each, which any mail program opens. Written whole or not at all, 0600,
/// since a mail may hold a link that is worth as much as a password.
public struct OutboxFolder: MailTransport {
  private let path: String
  private let sender: MailAddress

  public var leavesThisMachine: Bool { false }

  /// - Parameter path: the folder; made with the first mail.
  public init(path: String, sender: MailAddress) {
    self.path = path
    self.sender = sender
  }

  /// Writes `20261121T143759Z-ID.eml`: the same mail again is the same file.
  public func send(_ mail: OutgoingMail) async throws {
    let message = try MailMessage(mail, from: sender)
    let time = String(mail.createdAt.iso8601.prefix(19)).filter { $0 != "-" && $0 != ":" } + "Z"
    let file = "\(path)/\(time)-\(mail.id).eml"
    try await NIOThreadPool.singleton.runIfActive { [path] in
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("create", path) }
      try Self.write(message.bytes, to: file)
      try Self.synchronizeFolder(path)
    }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let staged = path + ".new"
    unlink(staged)
    let file = open(staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw failure("create", staged) }
    defer { close(file) }
    var remaining = bytes[...]
    while !remaining.isEmpty {
      let written = remaining.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw abandon(staged) }
      remaining = remaining.dropFirst(written)
    }
    guard fsync(file) == 0, rename(staged, path) == 0 else { throw abandon(staged) }
  }

  private static func synchronizeFolder(_ path: String) throws {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw failure("open", path) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw failure("sync", path) }
  }

  private static func abandon(_ path: String) -> MailError {
    let failure = failure("write", path)
    unlink(path)
    return failure
  }

  private static func failure(_ verb: String, _ path: String) -> MailError {
    MailError(.storage, "could not \(verb) \(path): \(String(cString: strerror(errno)))")
  }
}
