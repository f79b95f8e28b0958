public import Domain
import Foundation
import GRDB

/// A session that is about to be stored.
public struct NewSession: Sendable {
  /// The SHA-256 of the token.
  public let hash: [UInt8]
  public let expiresAt: Timestamp

  public init(hash: [UInt8], expiresAt: Timestamp) {
    self.hash = hash
    self.expiresAt = expiresAt
  }
}

/// A user who is about to be stored.
public struct NewUser: Sendable {
  public let publicID: String
  public let email: String
  public let passwordHash: String

  public init(publicID: String, email: String, passwordHash: String) {
    self.publicID = publicID
    self.email = email
    self.passwordHash = passwordHash
  }
}

/// What became of a registration.
public enum Enrolment: Sendable {
  case created(AppUser)
  case unknownApp
  case emailTaken
}

/// What a login is checked against.
public struct AccountFacts: Sendable {
  /// Whether an operator created the app.
  public let isAppDeclared: Bool
  public let user: AppUser?
  public let passwordHash: String?
}

/// Accounts of users, each in one app.
extension Catalog {
  private static let userColumns = "SELECT appUser.*, app.name AS app FROM appUser JOIN app ON app.id = appUser.appId"

  /// Makes a user and their first session.
  /// - Parameter isOpen: whether an app that no operator created is taken; it is made where it is missing.
  public func enrol(
    _ new: NewUser, app name: String, isOpen: Bool, session: NewSession, at now: Timestamp
  ) async throws -> Enrolment {
    try await write { db in
      let known = try Self.app(named: name, db)
      guard isOpen || known?.declaredAt != nil else { return .unknownApp }
      if known == nil {
        try db.execute(sql: "INSERT INTO app (name, createdAt) VALUES (?, ?)", arguments: [name, now.milliseconds])
      }
      let appID = known?.id ?? db.lastInsertedRowID
      try db.execute(
        sql: """
          INSERT INTO appUser
            (publicId, appId, email, passwordHash, settings, grantedResources, grantedThings, createdAt)
          VALUES (?, ?, ?, ?, '{}', '[]', '[]', ?) ON CONFLICT (appId, email) DO NOTHING
          """, arguments: [new.publicID, appID, new.email, new.passwordHash, now.milliseconds])
      guard db.changesCount > 0 else { return .emailTaken }
      guard let user = try Self.user(id: db.lastInsertedRowID, db) else { throw CatalogError(.missing, "the user is gone") }
      try Self.insert(session, of: user.id, at: now, db)
      return .created(user)
    }
  }

  /// What is known of an account.
  public func account(app name: String, email: String) async throws -> AccountFacts {
    try await read { db in
      let app = try Self.app(named: name, db)
      let row = try app.flatMap { app in
        try Row.fetchOne(
          db, sql: "\(Self.userColumns) WHERE appUser.appId = ? AND appUser.email = ?", arguments: [app.id, email])
      }
      return AccountFacts(
        isAppDeclared: app?.declaredAt != nil, user: row.map(Self.user), passwordHash: row?["passwordHash"])
    }
  }

  /// A user by the id that operators see.
  public func user(publicID: String) async throws -> AppUser? {
    try await read { db in
      try Row.fetchOne(db, sql: "\(Self.userColumns) WHERE appUser.publicId = ?", arguments: [publicID]).map(Self.user)
    }
  }

  /// Users, newest first.
  /// - Parameter after: the row id of the last user of the page before.
  public func users(app: String?, after: Int64?, limit: Int, at now: Timestamp) async throws -> [ListedUser] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT appUser.*, app.name AS app,
            (SELECT COUNT(*) FROM appSession WHERE userId = appUser.id AND expiresAt > ?4) AS sessions
          FROM appUser JOIN app ON app.id = appUser.appId
          WHERE appUser.id < ?1 AND (?2 IS NULL OR app.name = ?2) ORDER BY appUser.id DESC LIMIT ?3
          """, arguments: [after ?? Int64.max, app, limit, now.milliseconds]
      ).map { ListedUser(user: Self.user($0), sessions: $0["sessions"]) }
    }
  }

  /// Replaces a password's hash by one of the same password.
  public func renewPasswordHash(of userID: Int64, from old: String, to new: String) async throws {
    try await write { db in
      try db.execute(
        sql: "UPDATE appUser SET passwordHash = ? WHERE id = ? AND passwordHash = ?", arguments: [new, userID, old])
    }
  }

  static func user(id: Int64, _ db: Database) throws -> AppUser? {
    try Row.fetchOne(db, sql: "\(userColumns) WHERE appUser.id = ?", arguments: [id]).map(Self.user)
  }

  static func user(_ row: Row) -> AppUser {
    AppUser(
      id: row["id"], publicID: row["publicId"], appID: row["appId"], app: row["app"], email: row["email"],
      grantedResources: row.texts("grantedResources"), grantedThings: row.texts("grantedThings"),
      createdAt: row.time("createdAt"))
  }
}
