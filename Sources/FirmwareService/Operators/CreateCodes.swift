import Catalog
import Cryptography
public import Domain

/// An activation code in clear, for operators and the factory.
public struct ClearCode: Sendable, Hashable {
  public let code: String
  public let model: String
  public let createdAt: Timestamp
  public let usedAt: Timestamp?
  /// The thing that it activated.
  public let thing: String?
}

extension FirmwareService {
  /// The most codes that are made at once.
  public static let mostCodes = 10_000

  /// Makes single-use activation codes for a model.
  public func createCodes(for modelName: String, count: Int, within scope: ModelScope = .all, by actor: String) async throws
    -> [ClearCode]
  {
    let now = clock()
    try Self.require(modelName, in: scope)
    let model = try model(modelName)
    guard (1...Self.mostCodes).contains(count) else {
      throw ServiceError(.malformed, "count: 1 to \(Self.mostCodes) is needed")
    }
    let codes = (0..<count).map { _ in ActivationCodes.generate() }
    let audit = AuditEntry(
      at: now, actor: actor, action: "code.create", subject: modelName, details: ["count": String(count)])
    _ = try await translatingErrors {
      try await catalog.createCodes(codes.map(sealed), modelID: model.id, at: now, audit: audit)
    }
    return codes.map { ClearCode(code: $0, model: modelName, createdAt: now, usedAt: nil, thing: nil) }
  }

  /// Codes, newest first.
  public func listCodes(model name: String?, unusedOnly: Bool, within scope: ModelScope = .all, _ page: PageRequest)
    async throws
    -> Page<ClearCode>
  {
    let modelID = try name.map { try model($0).id }
    let after = try page.rowID()
    let rows = try await translatingErrors {
      try await catalog.codes(
        modelID: modelID, of: modelIDs(in: scope), unusedOnly: unusedOnly, after: after, limit: page.limit + 1)
    }
    let codes = try rows.prefix(page.limit).map { row in
      ClearCode(
        code: try open(row.sealedCode), model: row.model, createdAt: row.createdAt, usedAt: row.usedAt,
        thing: row.usedAt == nil ? nil : row.thing)
    }
    return Page(codes, next: rows.count > page.limit ? String(rows[page.limit - 1].id) : nil)
  }

  func sealed(_ code: String) -> NewCode {
    NewCode(
      hash: SHA256Hasher.digest(of: code), sealed: sealingKey.seal(Array(code.utf8), context: Self.codeContext))
  }

  func open(_ sealed: [UInt8]) throws -> String {
    do {
      return String(decoding: try sealingKey.open(sealed, context: Self.codeContext), as: UTF8.self)
    } catch {
      throw ServiceError(.unavailable, "an activation code was sealed by another store's key")
    }
  }

  private static let codeContext = Array("activationCode".utf8)
}
