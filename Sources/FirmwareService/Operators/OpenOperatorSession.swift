import Catalog
import Cryptography
public import Domain
import LiveChannels

/// A session that has just begun.
public struct OpenedOperatorSession: Sendable {
  public let person: Operator
  /// What the cookie holds: told here, and never again.
  public let secret: String
  /// By the clock of the computer: those who look at pages live by it, also where the service's clock is simulated.
  public let expiresAt: Timestamp
  /// Seconds until then.
  public let seconds: Int64
}

extension FirmwareService {
  /// Opens a session by an operator's token. It ends with the token at the latest, and the oldest of that token end where
  /// there are too many.
  ///
  /// Of an address only those attempts are counted that open nothing: whoever has a token comes in, whatever others behind the
  /// same proxy have tried. How often one token opens a session is counted by itself.
  /// - Parameter address: who tries; empty where it is not known.
  /// - Throws: `tooOften`, and as `identifyOperator(by:)`.
  public func openOperatorSession(token: String, address: String) async throws -> OpenedOperatorSession {
    let (now, realNow) = (clock(), fileClock())
    let operatorHash = SHA256Hasher.digest(of: token)
    let person: Operator
    do { person = try identifyOperator(by: .token(hash: operatorHash)) } catch {
      try accounts.operatorLogins.take(Array(address.utf8), at: now)
      throw error
    }
    try accounts.operatorLogins.take(operatorHash, at: now)
    let left = person.expiresAt.map { ($0.milliseconds - now.milliseconds + 999) / 1000 } ?? .max
    let seconds = min(settings.operatorSessionSeconds, left)
    let secret = Base64URL.encode(RandomBytes.generate(32))
    let session = OperatorSession(operatorHash: operatorHash, expiresAt: realNow.adding(seconds: seconds))
    let new = NewOperatorSession(hash: SHA256Hasher.digest(of: secret), session: session, createdAt: realNow)
    let audit = AuditEntry(
      at: now, actor: person.name, action: "operator.login", subject: person.name, details: ["id": String(person.id)])
    let begins = try await translatingErrors {
      try await catalog.beginOperatorSession(new, most: settings.mostOperatorSessions, audit: audit)
    }
    guard begins else { throw ServiceError(.tokenRevoked, "this token has just been revoked") }
    try await reloadOperatorSessions()
    return OpenedOperatorSession(person: person, secret: secret, expiresAt: session.expiresAt, seconds: seconds)
  }

  /// When a session ends by itself, by the clock of the computer.
  /// - Throws: `sessionEnded`.
  public func endOfOperatorSession(_ secret: String) throws -> Timestamp {
    try operatorSession(SHA256Hasher.digest(of: secret)).expiresAt
  }

  /// Ends a session at once, with the streams that were opened by it.
  public func endOperatorSession(_ secret: String, of person: Operator) async throws {
    let audit = AuditEntry(
      at: clock(), actor: person.name, action: "operator.logout", subject: person.name, details: ["id": String(person.id)])
    try await translatingErrors {
      try await catalog.endOperatorSession(hash: SHA256Hasher.digest(of: secret), audit: audit)
    }
    try await reloadOperatorSessions()
  }

  /// Removes sessions of operators whose time is over.
  public func endExpiredOperatorSessions() async throws {
    let now = fileClock()
    if try await translatingErrors({ try await catalog.removeExpiredOperatorSessions(at: now) }) {
      try await reloadOperatorSessions()
    }
  }

  /// Takes the sessions of operators anew from the catalog: after each change of them, and of the operators. Streams end with
  /// the session that opened them.
  func reloadOperatorSessions() async throws {
    let reading = operatorSessions.beginReading()
    let now = try await translatingErrors { try await catalog.operatorSessions() }
    guard let before = operatorSessions.replace(reading: reading, now) else { return }
    for hash in before.keys where now[hash] == nil { live.end(OperatorCredential.session(hash: hash).owner) }
  }
}
