import Cryptography
public import Domain
import LiveChannels

/// What an operator shows: their token, or a session that it has opened. Only its hash is kept.
public enum OperatorCredential: Sendable, Hashable {
  case token(hash: [UInt8])
  case session(hash: [UInt8])

  public static func token(_ text: some StringProtocol) -> Self { .token(hash: SHA256Hasher.digest(of: text)) }

  public static func session(_ text: some StringProtocol) -> Self { .session(hash: SHA256Hasher.digest(of: text)) }

  /// Whose the streams are that were opened with it: they end with it.
  var owner: LiveOwner {
    switch self {
    case .token(let hash): .operatorToken(hash)
    case .session(let hash): .session(hash)
    }
  }
}

extension FirmwareService {
  /// Whose token it is.
  /// - Throws: as of `identifyOperator(by:)`.
  public func identifyOperator(token: some StringProtocol) throws -> Operator { try identifyOperator(by: .token(token)) }

  /// Who shows this.
  /// - Throws: `unauthorized` for a text that is no token; `sessionEnded` for no session, or one that is over; `tokenExpired`
  ///   and `tokenRevoked` where the time of the token is over, also of the one that has opened the session.
  public func identifyOperator(by credential: OperatorCredential) throws -> Operator {
    switch credential {
    case .token(let hash):
      guard let found = operators[hash] else {
        throw ServiceError(.unauthorized, "an operator's token is needed: Authorization: Bearer TOKEN")
      }
      return try stillValid(found)
    case .session(let hash):
      let session = try operatorSession(hash)
      guard let found = operators[session.operatorHash] else { throw Self.sessionEnded }
      return try stillValid(found)
    }
  }

  /// Until when this is good for; nil for ever. By the service's clock.
  func end(of credential: OperatorCredential, of person: Operator) throws -> Timestamp? {
    guard case .session(let hash) = credential else { return person.expiresAt }
    let left = try operatorSession(hash).expiresAt.milliseconds - fileClock().milliseconds
    let end = Timestamp(milliseconds: clock().milliseconds + left)
    return person.expiresAt.map { min($0, end) } ?? end
  }

  func operatorSession(_ hash: [UInt8]) throws -> OperatorSession {
    guard let session = operatorSessions[hash], session.expiresAt > fileClock() else { throw Self.sessionEnded }
    return session
  }

  private func stillValid(_ found: Operator) throws -> Operator {
    if let revoked = found.revokedAt {
      throw ServiceError(.tokenRevoked, "this token was revoked at \(revoked.iso8601): ask an administrator for another")
    }
    if let end = found.expiresAt, end <= clock() {
      throw ServiceError(.tokenExpired, "this token expired at \(end.iso8601): ask an administrator for another")
    }
    return found
  }

  private static let sessionEnded = ServiceError(.sessionEnded, "this session has ended: log in again")
}
