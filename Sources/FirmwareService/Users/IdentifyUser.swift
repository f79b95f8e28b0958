import Catalog
import Cryptography
import Domain

extension FirmwareService {
  /// The user whose session it is; nil for a token that is unknown, has expired or was ended.
  public func identifyUser(session token: some StringProtocol) async throws -> SessionUser? {
    // Anything else is no token of ours and is not worth a look into the catalog.
    guard token.utf8.count == 43 else { return nil }
    let now = clock()
    let hash = SHA256Hasher.digest(of: token)
    let (known, ticket) = accounts.sessions.find(hash, at: now)
    if let known { return known }
    guard let stored = try await translatingErrors({ try await catalog.session(hash: hash, at: now) }) else { return nil }
    let user = SessionUser(
      userID: stored.user.id, appID: stored.user.appID, publicID: stored.user.publicID, email: stored.user.email,
      sessionHash: hash, expiresAt: stored.expiresAt)
    accounts.sessions.put(user, ticket: ticket)
    return user
  }
}
