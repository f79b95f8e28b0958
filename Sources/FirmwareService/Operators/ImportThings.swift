import Catalog
public import Domain

/// A thing as another system knew it.
public struct ForeignThing: Sendable {
  public let token: String
  public let model: String
  public let id: String?

  public init(token: String, model: String, id: String?) {
    self.token = token
    self.model = model
    self.id = id
  }
}

extension FirmwareService {
  /// The most things that are imported at once.
  public static let mostImported = 10_000

  /// Takes over things with the tokens they have, since device code that only changes its host keeps its token. All or none.
  /// - Throws: `malformed`, `unknownModel`, `exists`, each naming the entry.
  public func importThings(
    _ things: [ForeignThing], within scope: ModelScope = .all, by actor: String
  ) async throws -> (imported: Int, unchanged: Int) {
    let now = clock()
    guard (1...Self.mostImported).contains(things.count) else {
      throw ServiceError(.malformed, "things: 1 to \(Self.mostImported) are needed")
    }
    let releases = releases.snapshot
    let new = try things.enumerated().map { index, thing in
      guard let token = ThingToken(thing.token) else {
        throw ServiceError(.malformed, "entry \(index + 1): the token is not 43 characters of A-Z a-z 0-9 - _")
      }
      try Self.require(thing.model, in: scope)
      guard let model = releases.modelsByName[thing.model] else {
        throw ServiceError(.unknownModel, "entry \(index + 1): there is no model \(thing.model)")
      }
      guard thing.id.map(Self.isIdentifier) ?? true else {
        throw ServiceError(.malformed, "entry \(index + 1): the id is not 1 to 64 characters of A-Z a-z 0-9 - _ . :")
      }
      return NewThing(publicID: thing.id ?? Identifiers.thing(), modelID: model.id, token: stored(token))
    }
    let audit = AuditEntry(
      at: now, actor: actor, action: "thing.import", subject: "things", details: ["count": String(things.count)])
    let outcome = try await translatingErrors {
      try await catalog.importThings(new, namedIDs: Set(things.compactMap(\.id)), at: now, audit: audit)
    }
    countThings(outcome.imported)
    return outcome
  }

  private static func isIdentifier(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { Base64URL.isCharacter($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
  }
}
