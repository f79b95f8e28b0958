import Catalog
import Cryptography
public import Domain

/// A user who has just logged in.
public struct OpenedSession: Sendable {
  public let user: AppUser
  /// The token: 43 characters, told once.
  public let token: String
}

extension FirmwareService {
  /// Whether an address may register users now: asked before what it sent is looked at.
  /// - Throws: `tooOften`.
  public func checkRegistrations(from address: String) throws {
    try accounts.registrations.check(Array(address.utf8), at: clock())
  }

  /// Makes an account in an app and logs its user in.
  /// - Parameters:
  ///   - app: nil for the default one.
  ///   - address: the caller's, for the limit; empty where it is not known.
  /// - Throws: `malformed`, `unknownApp`, `exists`, `tooOften`, `busy`.
  public func register(email: String, password: String, app: String?, address: String) async throws -> OpenedSession {
    let now = clock()
    let app = try Self.appName(app ?? App.defaultName)
    guard let email = EmailAddress.normalized(email) else {
      throw ServiceError(.malformed, "email: an address such as name@example.com is needed, of at most 254 characters")
    }
    try checkPassword(password)
    try accounts.registrations.take(Array(address.utf8), at: now)
    let hash = try await hash(
      password, for: [.account(Self.accountKey(app: app, email: email)), .address(address)])
    let (token, session) = newSession(at: now)
    let new = NewUser(publicID: Identifiers.user(), email: email, passwordHash: hash.text)
    let enrolment = try await translatingErrors {
      try await catalog.enrol(new, app: app, isOpen: isOpenToApps, session: session, at: now)
    }
    switch enrolment {
    case .created(let user): return OpenedSession(user: user, token: token)
    case .unknownApp: throw Self.unknownApp
    case .emailTaken: throw ServiceError(.exists, "this e-mail is registered already")
    }
  }

  static let unknownApp = ServiceError(.unknownApp, "unknown app")

  func checkPassword(_ password: String) throws {
    let allowed = settings.passwordBytes
    guard allowed.contains(password.utf8.count) else {
      throw ServiceError(
        .malformed, "password: \(allowed.lowerBound) to \(allowed.upperBound) bytes are needed")
    }
  }

  func hash(_ password: String, for askers: [PasswordWork.Asker]) async throws -> PasswordHash {
    let cost = settings.passwordCost
    return try await accounts.passwords.run(for: askers) { PasswordHash.make(password, cost: cost) }
  }

  /// A token nobody can guess, and the form in which its session is stored.
  func newSession(at now: Timestamp) -> (token: String, NewSession) {
    let token = Base64URL.encode(RandomBytes.generate(32))
    let hash = SHA256Hasher.digest(of: token)
    return (token, NewSession(hash: hash, expiresAt: now.adding(seconds: settings.sessionSeconds)))
  }
}
