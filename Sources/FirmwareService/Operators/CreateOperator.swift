import Catalog
import Cryptography
public import Domain
import Foundation

extension FirmwareService {
  /// The longest that a token may work where its end is said: ten years, in seconds.
  public static let longestOperatorToken: Int64 = 10 * 365 * 86_400
  /// The most models that a token may name.
  public static let mostScopedModels = 100

  /// Makes a token for an operator. Nobody makes one that may do more than their own.
  /// - Parameters:
  ///   - models: only for these; for all where nil.
  ///   - expiresIn: seconds; for ever where nil.
  /// - Returns: the token in clear, which is told here and never again.
  public func createOperator(
    name: String, role: OperatorRole, models: [String]?, expiresIn: Int64?, by creator: Operator
  ) async throws -> (made: Operator, token: String) {
    let now = clock()
    let name = name.precomposedStringWithCanonicalMapping
    guard PrintableText.isName(name) else {
      throw ServiceError(.malformed, "name: 1 to \(PrintableText.longest) printable characters are needed")
    }
    guard (1...Self.longestOperatorToken).contains(expiresIn ?? 1) else {
      throw ServiceError(.malformed, "expiresIn: 1 second to 10 years is needed")
    }
    guard (1...Self.mostScopedModels).contains(models?.count ?? 1) else {
      throw ServiceError(.malformed, "models: 1 to \(Self.mostScopedModels) are needed; leave it out for all")
    }
    guard role <= creator.role else { throw Self.forbidden(role, creator) }
    guard creator.scope.includes(ModelScope(models)) else {
      throw ServiceError(.forbidden, "\(creator.name) makes tokens only for \(Self.text(creator.scope))")
    }
    let scope = ModelScope(try models?.map { try model($0).name })
    let token = Base64URL.encode(RandomBytes.generate(32))
    let audit = AuditEntry(at: now, actor: creator.name, action: "operator.create", subject: name)
    let made = try await translatingErrors {
      try await catalog.createOperator(
        hash: SHA256Hasher.digest(of: token), name: name, role: role, scope: scope,
        expiresAt: expiresIn.map { now.adding(seconds: $0) }, at: now, audit: audit)
    }
    try await reloadOperators()
    return (made, token)
  }

  /// Operators, newest first, revoked and expired ones too.
  public func listOperators(_ page: PageRequest) async throws -> Page<Operator> {
    let after = try page.rowID()
    let found = try await translatingErrors { try await catalog.operators(after: after, limit: page.limit + 1) }
    return Page(Array(found.prefix(page.limit)), next: found.count > page.limit ? String(found[page.limit - 1].id) : nil)
  }

  /// Ends a token at once, for good. Again changes nothing.
  /// - Throws: `unknownOperator`; `lastAdministrator` where nobody could make another.
  public func revokeOperator(_ id: String, by revoker: Operator) async throws -> Operator {
    let now = clock()
    let unknown = ServiceError(.unknownOperator, "there is no operator \(id)")
    guard let row = Int64(id), String(row) == id, let known = try await translatingErrors({ try await catalog.operator(row) })
    else { throw unknown }
    guard known.role <= revoker.role else { throw Self.forbidden(known.role, revoker) }
    guard revoker.scope.includes(known.scope) else {
      throw ServiceError(.forbidden, "\(revoker.name) revokes tokens only for \(Self.text(revoker.scope))")
    }
    let audit = AuditEntry(at: now, actor: revoker.name, action: "operator.revoke", subject: known.name, details: ["id": id])
    let outcome = try await translatingErrors {
      try await catalog.revokeOperator(row, by: revoker.name, at: now, audit: audit)
    }
    switch outcome {
    case .revoked(let revoked):
      try await reloadOperators()
      return revoked
    case .isLast:
      throw ServiceError(
        .lastAdministrator,
        "\(known.name) is the last administrator whose token does not expire: create another one before")
    case .unknown: throw unknown
    }
  }
}
