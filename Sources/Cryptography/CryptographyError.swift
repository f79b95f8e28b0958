/// Why a cryptographic operation was refused. The message never holds key material.
public struct CryptographyError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The text is no PEM of the kind asked for.
    case malformedKey
    /// A key, but not Ed25519 or ECDSA on P-256.
    case unsupportedKey
    /// The sealed bytes are not what this key sealed.
    case notAuthentic
    /// OpenSSL refused something that should work.
    case failed
  }

  public let code: Code
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
