import Foundation
public import NIOCore

/// The mail server that takes our mails: where it is, how the way there is protected, and who we are.
public struct SMTPServer: Sendable {
  public enum Security: Sendable, Hashable {
    /// TLS from the first byte (RFC 8314 section 3.3).
    case implicitTLS
    /// TLS after STARTTLS (RFC 3207); without it no mail is sent.
    case startTLS
    /// None: everybody on the way reads the mails.
    case none
  }

  /// How long a step may take. The defaults are what RFC 5321 section 4.5.3.2 asks for at least.
  public struct Limits: Sendable {
    public var connect: TimeAmount = .seconds(30)
    /// For each reply but the last, the greeting included.
    public var reply: TimeAmount = .minutes(5)
    /// From the end of the mail to the server's word that it has it.
    public var acceptance: TimeAmount = .minutes(10)

    public init() {}
  }

  public let host: String
  public let port: Int
  public let security: Security
  public let user: String?
  public let password: String?
  /// Who mails are from.
  public let sender: MailAddress
  /// A file of certificates in PEM to trust instead of the system's.
  public var caFile: String?
  /// Whether user and password may be sent where everybody on the way can read them: only with a security of none.
  public var allowsLoginWithoutTLS = false
  public var limits = Limits()

  public init(
    host: String, port: Int, security: Security, user: String? = nil, password: String? = nil, sender: MailAddress
  ) {
    self.host = host
    self.port = port
    self.security = security
    self.user = user
    self.password = password
    self.sender = sender
  }

  /// Reads `smtp://` (STARTTLS, port 587), `smtps://` (TLS, port 465) and `smtp+plain://` (no TLS, port 25), each with
  /// `USER:PASSWORD@` percent-encoded or without, a host, and a port or none.
  /// - Throws: `MailError` (`malformed`), whose message never holds the text, since that may hold a password.
  public init(url text: String, sender: MailAddress) throws {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased() else {
      throw MailError(.malformed, "is no URL: smtp://user:password@host:587 is one; percent-encode what is special in it")
    }
    let (security, usualPort): (Security, Int)
    switch scheme {
    case "smtp": (security, usualPort) = (.startTLS, 587)
    case "smtps": (security, usualPort) = (.implicitTLS, 465)
    case "smtp+plain": (security, usualPort) = (.none, 25)
    default: throw MailError(.malformed, "begins with none of smtp:// (STARTTLS), smtps:// (TLS) and smtp+plain:// (no TLS)")
    }
    let host = (parts.host ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    guard !host.isEmpty, !host.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
      throw MailError(.malformed, "has no host, or none in ASCII")
    }
    guard ["", "/"].contains(parts.path), parts.query == nil, parts.fragment == nil else {
      throw MailError(.malformed, "has something behind the host and the port")
    }
    let port = parts.port ?? usualPort
    guard (1...65_535).contains(port) else { throw MailError(.malformed, "has a port that is not 1 to 65535") }
    let (user, password) = (parts.user.flatMap { $0.isEmpty ? nil : $0 }, parts.password)
    guard (user == nil) == (password == nil) else {
      throw MailError(.malformed, "has a user or a password, but not both")
    }
    guard ![user, password].contains(where: { $0?.utf8.contains(0) == true }) else {
      throw MailError(.malformed, "has a user or a password with a zero byte in it")
    }
    self.init(host: host, port: port, security: security, user: user, password: password, sender: sender)
  }
}
