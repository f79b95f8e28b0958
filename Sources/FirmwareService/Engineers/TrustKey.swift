import Catalog
import Cryptography
public import Domain

extension FirmwareService {
  /// Trusts a public key for a model's firmware. Again is a success; a key that was revoked stays revoked.
  /// - Throws: `malformedKey`, `revokedKey`, `unknownModel`.
  public func trustKey(
    pem: String, name: String?, for modelName: String, by actor: String
  ) async throws -> (key: TrustedKey, isNew: Bool) {
    let now = clock()
    let model = try model(modelName)
    guard name.map(PrintableText.isName) ?? true else {
      throw ServiceError(.malformed, "name: 1 to \(PrintableText.longest) printable characters are needed")
    }
    let key: PublicKey
    do { key = try PublicKey(pem: pem) } catch { throw ServiceError(.malformedKey, "pem: \(error)") }
    let new = TrustedKey(
      keyID: key.id, algorithm: key.algorithm.rawValue, name: name, pem: key.pem, addedAt: now, revokedAt: nil)
    let audit = AuditEntry(at: now, actor: actor, action: "model.trust", subject: modelName, details: ["key": key.id])
    let trusted = try await translatingErrors { try await catalog.trust(new, for: model.id, audit: audit) }
    guard trusted.key.revokedAt == nil else {
      throw ServiceError(.revokedKey, "this key was revoked for \(modelName): generate a new one")
    }
    return trusted
  }

  /// Revokes a key: what it signed stays registered, and nothing new by it is taken.
  public func revokeKey(_ keyID: String, of modelName: String, by actor: String) async throws -> TrustedKey {
    let now = clock()
    let model = try model(modelName)
    let audit = AuditEntry(at: now, actor: actor, action: "model.revoke", subject: modelName, details: ["key": keyID])
    let key = try await translatingErrors { try await catalog.revokeKey(keyID, of: model.id, at: now, audit: audit) }
    guard let key else { throw ServiceError(.unknownKey, "\(modelName) has no key \(keyID)") }
    return key
  }

  /// The keys of a model, revoked ones too.
  public func listKeys(of modelName: String) async throws -> [TrustedKey] {
    let model = try model(modelName)
    return try await translatingErrors { try await catalog.keys(of: model.id) }
  }
}
