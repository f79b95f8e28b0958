public import Domain
import Foundation
import GRDB

/// What became of a change of settings.
public enum SettingsChange: Sendable {
  /// - Parameter ended: the hashes of the sessions that ended with the old password.
  case made(ended: [[UInt8]])
  /// The settings would be larger than is allowed.
  case tooLarge
  /// The session that asked has ended in the meantime.
  case sessionEnded
}

/// What apps keep for a user: one JSON object.
extension Catalog {
  /// The settings as JSON.
  public func settings(of userID: Int64) async throws -> String? {
    try await read { try String.fetchOne($0, sql: "SELECT settings FROM appUser WHERE id = ?", arguments: [userID]) }
  }

  /// Merges a patch (RFC 7396) into the settings, and gives the user a new password where one is given. All or nothing.
  /// - Parameters:
  ///   - session: the hash of the one that asks; it goes on when the password changes.
  ///   - largest: the most bytes of the settings afterwards.
  public func changeSettings(
    of userID: Int64, _ patch: JSONValue, passwordHash: String?, session: [UInt8], largest: Int
  ) async throws -> SettingsChange {
    try await write { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT settings FROM appUser JOIN appSession ON appSession.userId = appUser.id
          WHERE appUser.id = ? AND appSession.tokenHash = ?
          """, arguments: [userID, Data(session)])
      guard let row else { return .sessionEnded }
      let text = try jsonText(try row.json("settings").merging(patch: patch))
      guard text.utf8.count <= largest else { return .tooLarge }
      try db.execute(sql: "UPDATE appUser SET settings = ? WHERE id = ?", arguments: [text, userID])
      guard let passwordHash else { return .made(ended: []) }
      try db.execute(sql: "UPDATE appUser SET passwordHash = ? WHERE id = ?", arguments: [passwordHash, userID])
      return .made(ended: try Self.endSessions(of: userID, except: session, db))
    }
  }
}
