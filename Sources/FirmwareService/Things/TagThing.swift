import Catalog
public import Domain

extension FirmwareService {
  static let mostTags = 100

  /// Puts tags on a thing; one that is there already stays.
  /// - Throws: `malformed` for a name that is none, `tooMany`.
  public func addTags(_ names: [String], to thingID: Int64) async throws -> [Tag] {
    guard !names.isEmpty else { throw ServiceError(.malformed, "tag: is needed") }
    guard names.allSatisfy(PrintableText.isName) else {
      throw ServiceError(.malformed, "tag: 1 to \(PrintableText.longest) printable characters are needed")
    }
    let tags = names.map { Tag(publicID: Identifiers.firmware(), name: $0) }
    return try await translatingErrors {
      defer { fleet.forgetFacts(of: thingID) }
      return try await catalog.addTags(tags, to: thingID, most: Self.mostTags, at: clock())
    }
  }

  /// The tags of a thing, by name.
  public func listTags(of thingID: Int64) async throws -> [Tag] {
    try await translatingErrors { try await catalog.tags(of: thingID) }
  }

  /// - Throws: `unknownTag`.
  public func removeTag(_ idOrName: String, of thingID: Int64) async throws {
    defer { fleet.forgetFacts(of: thingID) }
    guard try await translatingErrors({ try await catalog.removeTag(idOrName, of: thingID) }) else {
      throw ServiceError(.unknownTag, "tag not found")
    }
  }
}
