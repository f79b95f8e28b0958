import Catalog
import Cryptography
public import Domain
import LiveChannels
import Logging

extension FirmwareService {
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
  /// - Throws: `malformed` for a page that is none, or a filter that no entry can fit.
  public func listAudit(where filter: AuditFilter = AuditFilter(), _ page: PageRequest) async throws -> Page<AuditEntry> {
    let after = try page.rowID()
    for (name, text) in [("subject", filter.subject), ("actor", filter.actor), ("action", filter.action)] {
      guard text?.unicodeScalars.contains("\0") != true else { throw ServiceError(.malformed, "\(name): has a NUL character") }
    }
    let entries = try await translatingErrors {
      try await catalog.auditEntries(where: filter, after: after, limit: page.limit + 1)
    }
    return Page(
      Array(entries.prefix(page.limit)), next: entries.count > page.limit ? String(entries[page.limit - 1].id) : nil)
  }

  /// Takes the operators anew from the catalog, and their sessions: after each change of them.
  func reloadOperators() async throws {
    let reading = operators.beginReading()
    let now = try await translatingErrors { try await catalog.operators() }
    guard let before = operators.replace(reading: reading, now) else { return }
    // Streams end with the token that opened them.
    for (hash, known) in before where known.revokedAt == nil && now[hash].map({ $0.revokedAt != nil }) ?? true {
      live.end(.operatorToken(hash))
    }
    // Their sessions have gone with them.
    try await reloadOperatorSessions()
  }
}
