/// Why a mail was not sent.
public struct MailError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: Sendable {
    /// An address, a subject or a setting is none.
    case malformed
    /// The server refused this mail for good: a reply of 5xx to it (RFC 5321 section 4.2.1).
    case refused
    /// The server refused it for now: 4xx, or 5xx to what is not about this mail.
    case postponed
    /// The server does not take the user and the password, or takes no mail without one.
    case login
    /// No TLS, or a certificate that is not to be trusted.
    case insecure
    /// The server cannot be reached, or the connection broke.
    case connection
    /// A step took longer than it may.
    case timeout
    /// The server says what SMTP does not know.
    case protocolViolation
    /// The mail could not be written to the folder.
    case storage
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Whether trying again would end the same. What an operator can mend, such as a wrong password, is not for good.
  public var isPermanent: Bool {
    switch code {
    case .malformed, .refused: true
    case .postponed, .login, .insecure, .connection, .timeout, .protocolViolation, .storage: false
    }
  }

  public var description: String { message }
}
