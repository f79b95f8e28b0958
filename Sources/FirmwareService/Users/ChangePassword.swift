import Catalog
import Cryptography
import Domain

extension FirmwareService {
  /// Gives a user who knows their password another one, and ends their other sessions.
  /// - Throws: `wrongCredentials`, `malformed`, `tooOften`, `sessionEnded` when that happened in the meantime, `busy`.
  public func changePassword(from current: String, to new: String, of user: SessionUser) async throws {
    let now = clock()
    try checkPassword(new)
    try accounts.passwordChanges.take(Array(user.publicID.utf8), at: now)
    let ended = ServiceError(.sessionEnded, "Invalid session token")
    guard let known = try await translatingErrors({ try await catalog.user(publicID: user.publicID) }) else { throw ended }
    let facts = try await translatingErrors { try await catalog.account(app: known.app, email: known.email) }
    guard let hash = facts.passwordHash.flatMap({ PasswordHash(text: $0) }) else { throw ended }
    let right: Void? = try await counted(app: known.app, email: known.email, at: now) {
      try await accounts.passwords.run(for: [.user(user.userID)]) { hash.matches(current) } ? () : nil
    }
    guard right != nil else { throw ServiceError(.wrongCredentials, "wrong password") }
    try await change([:], password: new, of: user)
  }
}
