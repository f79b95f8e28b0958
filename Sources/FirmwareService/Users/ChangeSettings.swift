import Catalog
import Cryptography
public import Domain

extension FirmwareService {
  /// The member of a change of settings that is a new password and no setting.
  static let passwordMember = "password"

  /// What apps keep for a user, as JSON text: an object.
  public func readSettings(of user: SessionUser) async throws -> String {
    try await translatingErrors { try await catalog.settings(of: user.userID) } ?? "{}"
  }

  /// Merges a patch (RFC 7396) into the settings. Its member `password` is a new password, is not kept among the settings, and
  /// ends all other sessions of the user. All or nothing.
  /// - Throws: `malformed`, `tooLarge`, `tooOften` for the password, `sessionEnded` when that happened in the meantime, `busy`.
  public func changeSettings(_ patch: JSONValue, of user: SessionUser) async throws {
    guard case .object(var members) = patch else { throw ServiceError(.malformed, "the settings: an object is needed") }
    let password = try members.removeValue(forKey: Self.passwordMember).map { value in
      guard let text = value.text else { throw ServiceError(.malformed, "password: a text is needed") }
      try checkPassword(text)
      return text
    }
    if password != nil { try accounts.passwordChanges.take(Array(user.publicID.utf8), at: clock()) }
    try await change(members, password: password, of: user)
  }

  /// Merges members into the settings, and gives the user a new password where one is given: checked, and counted.
  func change(_ members: [String: JSONValue], password: String?, of user: SessionUser) async throws {
    let passwordHash: String? =
      if let password { try await hash(password, for: [.user(user.userID)]).text } else { nil }
    let change = try await translatingErrors {
      try await catalog.changeSettings(
        of: user.userID, .object(members), passwordHash: passwordHash, session: user.sessionHash,
        largest: settings.largestSettings)
    }
    switch change {
    case .made(let ended): if !ended.isEmpty { forget(sessions: ended) }
    case .tooLarge:
      throw ServiceError(.tooLarge, "the settings would have more than \(settings.largestSettings) bytes")
    case .sessionEnded: throw ServiceError(.sessionEnded, "Invalid session token")
    }
  }
}
