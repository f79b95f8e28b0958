import Catalog
import Cryptography
public import Domain
import Synchronization

extension FirmwareService {
  /// The name of the operator whose token it is; nil for any other text.
  public func operatorName(token: some StringProtocol) -> String? {
    let hash = SHA256Hasher.digest(of: token)
    return operatorNames.withLock { $0[hash] }
  }

  /// Makes a token the one of the operator of that name: any other of that name ends. Again changes nothing.
  public func admitOperator(token: String, name: String) async throws {
    try await translatingErrors {
      try await catalog.addOperatorToken(hash: SHA256Hasher.digest(of: token), name: name, at: clock())
    }
    try await reloadOperators()
  }

  /// What operators did, newest first.
  public func listAudit(_ page: PageRequest) async throws -> Page<AuditEntry> {
    let after = try page.rowID()
    let entries = try await translatingErrors { try await catalog.auditEntries(after: after, limit: page.limit + 1) }
    return Page(
      Array(entries.prefix(page.limit)), next: entries.count > page.limit ? String(entries[page.limit - 1].id) : nil)
  }
}
