public import Domain

/// Who asks: the user of a session that is valid now.
public struct SessionUser: Sendable, Hashable {
  /// The row's id; never leaves the service.
  public let userID: Int64
  public let appID: Int64
  public let publicID: String
  public let email: String
  /// The SHA-256 of the session's token.
  public let sessionHash: [UInt8]
  public let expiresAt: Timestamp
}
