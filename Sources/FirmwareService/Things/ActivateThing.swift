import Catalog
import Cryptography
public import Domain

extension FirmwareService {
  /// Turns a device into a thing: uses the code up, makes the thing and gives it its token, all or nothing.
  /// - Throws: `invalidActivationCode` for a code that is unknown or used.
  public func activateThing(code: String) async throws -> ThingToken {
    let now = clock()
    guard let normalized = ActivationCodes.normalize(code) else { throw Self.invalidCode }
    let (token, stored) = newToken()
    let thing = try await translatingErrors {
      try await catalog.activate(
        codeHash: SHA256Hasher.digest(of: normalized), newPublicID: Identifiers.thing(), token: stored, at: now)
    }
    guard let thing else { throw Self.invalidCode }
    if thing.createdAt == now {
      countThings(1)
    } else {
      // It was reset, and may still be known with what it ran before.
      fleet.forget(thing.id)
    }
    return token
  }

  private static let invalidCode = ServiceError(.invalidActivationCode, "invalid activation code")

  /// A token nobody can guess, and the form in which it is stored.
  func newToken() -> (ThingToken, StoredToken) {
    guard let token = ThingToken(Base64URL.encode(RandomBytes.generate(32))) else {
      preconditionFailure("32 bytes are 43 characters")
    }
    return (token, stored(token))
  }

  func stored(_ token: ThingToken) -> StoredToken {
    let hash = SHA256Hasher.digest(of: token.secret)
    return StoredToken(hash: hash, sealed: sealingKey.seal(Array(token.secret.utf8), context: hash))
  }
}
