import Catalog
import Cryptography
public import Domain

extension FirmwareService {
  /// The token by which gateways speak for all devices of a model: made at the first call, and the same at later ones.
  /// - Parameters:
  ///   - rotate: whether a new one is made; the old one works for the overlap.
  ///   - overlap: seconds; where nil, a day. Only with `rotate`.
  /// - Returns: the token in clear, whose audit entry is written before it is told, and until when the one before it works.
  /// - Throws: `malformed`, `unknownModel`; `unavailable` for a token that another store's key has sealed.
  public func gatewayToken(
    ofModel name: String, rotate: Bool, overlap: Int64?, by actor: String
  ) async throws -> (token: String, previousExpiresAt: Timestamp?) {
    let now = clock()
    let model = try model(name)
    guard rotate || overlap == nil else { throw ServiceError(.malformed, "overlap: is for a rotation") }
    let overlap = overlap ?? Self.defaultOverlap
    guard (0...31_536_000).contains(overlap) else {
      throw ServiceError(.malformed, "overlap: 0 seconds to 1 year is needed")
    }
    // Who finds that another call has just made the first token goes on with that one.
    while true {
      if let current = try await translatingErrors({ try await catalog.gatewayToken(of: model.id, at: now) }) {
        if rotate { return try await rotateGatewayToken(of: model, overlap: overlap, at: now, by: actor) }
        return (try await readGatewayToken(current.token, of: model, at: now, by: actor), current.previousExpiresAt)
      }
      let (token, stored) = newToken()
      let audit = AuditEntry(at: now, actor: actor, action: "model.createGatewayToken", subject: model.name)
      let isNew = try await translatingErrors {
        try await catalog.createGatewayToken(stored, of: model.id, at: now, audit: audit)
      }
      guard isNew else { continue }
      try await reloadGateways()
      return (token.secret, nil)
    }
  }

  private func rotateGatewayToken(
    of model: Model, overlap: Int64, at now: Timestamp, by actor: String
  ) async throws -> (token: String, previousExpiresAt: Timestamp?) {
    let (token, stored) = newToken()
    let until = now.adding(seconds: overlap)
    let audit = AuditEntry(
      at: now, actor: actor, action: "model.rotateGatewayToken", subject: model.name, details: ["overlap": String(overlap)])
    try await translatingErrors {
      try await catalog.rotateGatewayToken(of: model.id, to: stored, previousUntil: until, at: now, audit: audit)
    }
    try await reloadGateways()
    return (token.secret, until)
  }

  private func readGatewayToken(
    _ token: StoredToken, of model: Model, at now: Timestamp, by actor: String
  ) async throws -> String {
    let secret: String
    do {
      secret = String(decoding: try sealingKey.open(token.sealed, context: token.hash), as: UTF8.self)
    } catch {
      throw ServiceError(.unavailable, "the token was sealed by another store's key")
    }
    let audit = AuditEntry(at: now, actor: actor, action: "model.readGatewayToken", subject: model.name)
    try await translatingErrors { try await catalog.append(audit) }
    return secret
  }

  /// The model whose gateway token it is; nil for any other text, and for a token whose time is over. Nothing is read for it.
  public func identifyGateway(_ token: String) -> Model? {
    guard let owner = gateways[SHA256Hasher.digest(of: token)], owner.expiresAt.map({ clock() < $0 }) ?? true else {
      return nil
    }
    return releases.snapshot.modelsByID[owner.modelID]
  }

  /// Takes the gateway tokens anew from the catalog: after each change of them.
  func reloadGateways() async throws {
    let reading = gateways.beginReading()
    gateways.replace(reading: reading, try await translatingErrors { try await catalog.gatewayTokens() })
  }
}
