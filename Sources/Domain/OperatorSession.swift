/// An operator in a browser: a session that their token has opened, and that is worth no more than the token.
public struct OperatorSession: Sendable, Hashable {
  /// The SHA-256 of the operator's token.
  public let operatorHash: [UInt8]
  public let expiresAt: Timestamp

  public init(operatorHash: [UInt8], expiresAt: Timestamp) {
    self.operatorHash = operatorHash
    self.expiresAt = expiresAt
  }
}
