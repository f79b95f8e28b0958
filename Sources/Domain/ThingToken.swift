/// The secret by which a thing is known: 43 characters of `A-Za-z0-9-_`, which is 32 random bytes.
///
/// Device code cuts exactly 43 characters out of the activation's answer. Tokens that come in from another system must have the
/// same form. A token is never printed by accident: its description is a placeholder.
public struct ThingToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  public static let length = 43

  /// The secret itself.
  public let secret: String

  /// - Returns: nil when the text is not 43 characters of the alphabet.
  @inlinable
  public init?(_ secret: some StringProtocol) {
    guard secret.utf8.count == Self.length, secret.utf8.allSatisfy(Base64URL.isCharacter) else { return nil }
    self.secret = String(secret)
  }

  public var description: String { "ThingToken(…)" }

  /// Empty, so that `dump` and the output of a failed test do not show the secret either.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
