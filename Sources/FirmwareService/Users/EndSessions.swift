import Catalog
public import Domain
import LiveChannels

extension FirmwareService {
  /// Users, newest first, with the number of their sessions.
  public func listUsers(app: String?, _ page: PageRequest) async throws -> Page<ListedUser> {
    let after = try page.rowID()
    let users = try await translatingErrors {
      try await catalog.users(app: app, after: after, limit: page.limit + 1, at: clock())
    }
    return Page(
      Array(users.prefix(page.limit)), next: users.count > page.limit ? String(users[page.limit - 1].user.id) : nil)
  }

  /// Ends all sessions of a user, and what rests on them.
  /// - Returns: how many there were.
  public func endSessions(of publicID: String, by actor: String) async throws -> Int {
    let hashes = try await translatingErrors {
      guard let user = try await catalog.user(publicID: publicID) else { throw Self.unknownUser }
      let audit = AuditEntry(at: clock(), actor: actor, action: "user.logout", subject: publicID)
      return try await catalog.endSessions(of: user.id, audit: audit)
    }
    forget(sessions: hashes)
    return hashes.count
  }

  /// Removes sessions whose time is over.
  public func endExpiredSessions() async throws {
    while true {
      let hashes = try await translatingErrors { try await catalog.removeExpiredSessions(at: clock()) }
      if hashes.isEmpty { return }
      forget(sessions: hashes)
    }
  }

  /// Lets nobody in by these sessions any more, once they have ended in the catalog.
  func forget(sessions hashes: [[UInt8]]) {
    accounts.sessions.end(hashes)
    for hash in hashes { live.end(.session(hash)) }
  }

  private static let unknownUser = ServiceError(.unknownUser, "no such user")
}
