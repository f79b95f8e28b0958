import Catalog
import Cryptography
import Domain

extension FirmwareService {
  /// Whether an address may log in now: asked before what it sent is looked at.
  /// - Throws: `tooOften`.
  public func checkLogins(from address: String) throws { try accounts.logins.check(Array(address.utf8), at: clock()) }

  /// Begins a session of a user.
  ///
  /// The answer and the work are the same whether or not the e-mail is registered, and so are the limits.
  /// - Parameters: as of `register`.
  /// - Throws: `wrongCredentials`, `unknownApp`, `malformed` (the app's name), `tooOften`, `busy`.
  public func logIn(email: String, password: String, app: String?, address: String) async throws -> OpenedSession {
    let now = clock()
    let app = try Self.appName(app ?? App.defaultName)
    try accounts.logins.take(Array(address.utf8), at: now)
    let email = EmailAddress.normalized(email) ?? email
    let facts = try await translatingErrors { try await catalog.account(app: app, email: email) }
    guard isOpenToApps || facts.isAppDeclared else { throw Self.unknownApp }
    let askers: [PasswordWork.Asker] = [.account(Self.accountKey(app: app, email: email)), .address(address)]
    let opened = try await counted(app: app, email: email, at: now) {
      try await open(facts, password, for: askers, at: now)
    }
    guard let opened else { throw ServiceError(.wrongCredentials, "wrong e-mail or password") }
    return opened
  }

  /// Tries a password. It counts as a failure of the account before it is looked at, so that many at once get no further than
  /// one after the other, and no longer when it was right.
  /// - Parameter attempt: nil for a wrong password.
  /// - Throws: `tooOften`, and what `attempt` throws.
  func counted<Value>(
    app: String, email: String, at now: Timestamp, _ attempt: () async throws -> Value?
  ) async throws -> Value? {
    let account = Self.accountKey(app: app, email: email)
    try accounts.failures.take(account, at: now)
    let value: Value?
    do {
      value = try await attempt()
    } catch {
      accounts.failures.giveBack(account, at: now)
      throw error
    }
    if value != nil { accounts.failures.giveBack(account, at: now) }
    return value
  }

  /// What the limits of an account go by, whether it exists or not.
  static func accountKey(app: String, email: String) -> [UInt8] { SHA256Hasher.digest(of: "\(app)\u{0}\(email)") }

  /// - Returns: nil for a wrong password, or no user.
  private func open(
    _ facts: AccountFacts, _ password: String, for askers: [PasswordWork.Asker], at now: Timestamp
  ) async throws -> OpenedSession? {
    let known = facts.passwordHash.flatMap { PasswordHash(text: $0) }
    let hash = known ?? accounts.nobody
    let matches = try await accounts.passwords.run(for: askers) { hash.matches(password) }
    guard matches, let user = facts.user, let stored = facts.passwordHash else { return nil }
    let (token, session) = newSession(at: now)
    let begins = try await translatingErrors {
      try await catalog.beginSession(session, of: user.id, passwordHash: stored, at: now)
    }
    guard begins else { return nil }
    if hash.cost != settings.passwordCost {
      let renewed = try await self.hash(password, for: askers).text
      try await translatingErrors { try await catalog.renewPasswordHash(of: user.id, from: stored, to: renewed) }
    }
    return OpenedSession(user: user, token: token)
  }
}
