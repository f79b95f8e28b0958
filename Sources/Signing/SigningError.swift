/// Why a manifest or its envelope was refused.
public struct SigningError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// Not a DSSE envelope of our payload type, or not base64.
    case malformedEnvelope
    /// The signed bytes are not a manifest in its canonical form.
    case malformedManifest
    /// No signature in it.
    case unsigned
    /// Every signature is by a key that is not among the trusted ones.
    case untrustedKey
    /// Signed by a key that is no longer trusted.
    case revokedKey
    /// A trusted key is named, but its signature is over other bytes.
    case wrongSignature
  }

  public let code: Code
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
