import Catalog
import Cryptography
public import Domain
import LiveChannels
import Logging

extension FirmwareService {
  /// Whose token it is.
  /// - Throws: `unauthorized` for a text that is no token; `tokenExpired` and `tokenRevoked` for one whose time is over.
  public func identifyOperator(token: some StringProtocol) throws -> Operator {
    guard let found = operators[SHA256Hasher.digest(of: token)] else {
      throw ServiceError(.unauthorized, "an operator's token is needed: Authorization: Bearer TOKEN")
    }
    if let revoked = found.revokedAt {
      throw ServiceError(.tokenRevoked, "this token was revoked at \(revoked.iso8601): ask an administrator for another")
    }
    if let end = found.expiresAt, end <= clock() {
      throw ServiceError(.tokenExpired, "this token expired at \(end.iso8601): ask an administrator for another")
    }
    return found
  }

  /// Makes the token of the store's folder the one of the operator of that name, an administrator: any other from there ends.
  /// Again changes nothing.
  public func admitOperator(token: String, name: String) async throws {
    let works = try await translatingErrors {
      try await catalog.addOperatorToken(hash: SHA256Hasher.digest(of: token), name: name, at: clock())
    }
    if !works { log.warning("operator.token of the store was revoked: delete it and start again for a new one") }
    try await reloadOperators()
  }

  /// What operators did, newest first.
  public func listAudit(_ page: PageRequest) async throws -> Page<AuditEntry> {
    let after = try page.rowID()
    let entries = try await translatingErrors { try await catalog.auditEntries(after: after, limit: page.limit + 1) }
    return Page(
      Array(entries.prefix(page.limit)), next: entries.count > page.limit ? String(entries[page.limit - 1].id) : nil)
  }

  /// Takes the operators anew from the catalog: after each change of them.
  func reloadOperators() async throws {
    let reading = operators.beginReading()
    let now = try await translatingErrors { try await catalog.operators() }
    guard let before = operators.replace(reading: reading, now) else { return }
    // Streams end with the token that opened them.
    for (hash, known) in before where known.revokedAt == nil && now[hash].map({ $0.revokedAt != nil }) ?? true {
      live.end(.operatorToken(hash))
    }
  }
}
