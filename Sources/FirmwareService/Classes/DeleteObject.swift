import Catalog
import Domain

extension FirmwareService {
  /// Deletes an object of the user.
  /// - Throws: `malformed`, `unknownObject`.
  public func deleteObject(_ key: String, in collection: String, of user: SessionUser) async throws {
    let collection = try CollectionName.collection(collection, of: user)
    let key = try CollectionName.key(key)
    let count = try await translatingErrors {
      try await catalog.deleteObjects(key, in: collection, committed: announcing(collection))
    }
    guard count > 0 else { throw Self.unknownObject }
  }

  /// Deletes a collection of the user: all objects in it.
  /// - Throws: `malformed`.
  public func deleteCollection(_ name: String, of user: SessionUser) async throws {
    let collection = try CollectionName.collection(name, of: user)
    _ = try await translatingErrors {
      try await catalog.deleteObjects(nil, in: collection, committed: announcing(collection))
    }
  }
}
