import Mail

/// Where mails to users go: a mail server, or a folder of the store where none is named.
struct MailConfiguration: Sendable {
  private let server: SMTPServer?
  private let sender: MailAddress

  /// - Throws: `CommandFailure` that names the setting, and never holds a password.
  init(_ values: ConfiguredValues) throws {
    let url = values.secret("smtpUrl")
    let from = values.text("mailFrom")
    guard let sender = MailAddress(from ?? "firmament@localhost") else {
      throw CommandFailure("mailFrom: \(from ?? "") is no mail address, such as firmament@example.org")
    }
    self.sender = sender
    let caFile = values.text("smtpCaFile")
    let plainLogin = try values.flag("smtpPlainLogin") ?? false
    guard let url else {
      for (key, isGiven) in [("smtpCaFile", caFile != nil), ("smtpPlainLogin", plainLogin)] where isGiven {
        throw CommandFailure("\(key): is of no use without smtpUrl")
      }
      server = nil
      return
    }
    guard from != nil else { throw CommandFailure("mailFrom: is needed with smtpUrl: who the mails are from") }
    do {
      var server = try SMTPServer(url: url, sender: sender)
      server.caFile = caFile
      server.allowsLoginWithoutTLS = plainLogin
      self.server = server
    } catch let error as MailError {
      throw CommandFailure("smtpUrl: \(error.message)")
    }
  }

  /// - Parameter folder: where mails are written when there is no mail server.
  /// - Throws: `CommandFailure` where the settings do not go together, or the certificates cannot be read.
  func transport(outbox folder: String) throws -> any MailTransport {
    guard let server else { return OutboxFolder(path: folder, sender: sender) }
    do { return try SMTPTransport(server) } catch let error as MailError {
      throw CommandFailure(server.caFile == nil ? "smtpUrl: \(error.message)" : "smtpUrl and smtpCaFile: \(error.message)")
    }
  }
}
