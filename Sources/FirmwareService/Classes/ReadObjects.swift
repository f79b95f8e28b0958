import Catalog
import Domain

extension FirmwareService {
  /// An object of the user, as JSON text with its `_id` in it.
  /// - Throws: `malformed`, `unknownObject`.
  public func readObject(_ key: String, in collection: String, of user: SessionUser) async throws -> String {
    let collection = try CollectionName.collection(collection, of: user)
    let key = try CollectionName.key(key)
    let object = try await translatingErrors { try await catalog.object(key, in: collection) }
    guard let object else { throw Self.unknownObject }
    return object
  }

  /// The objects of a collection of the user, each as JSON text, by their `_id`, last first.
  /// - Parameters:
  ///   - before: only those whose `_id` sorts before this one, byte by byte in UTF-8.
  ///   - limit: at most so many; nil for all.
  /// - Throws: `malformed`, `tooLarge` when they are too much for one answer.
  public func listObjects(
    in collection: String, before: String?, limit: Int?, of user: SessionUser
  ) async throws -> [String] {
    let collection = try CollectionName.collection(collection, of: user)
    let before = try before.map(CollectionName.key)
    let objects = try await translatingErrors {
      try await catalog.objects(
        in: collection, before: before, limit: limit.map { max(1, $0) }, largest: settings.largestList)
    }
    guard let objects else {
      throw ServiceError(
        .tooLarge, "the objects have more than \(settings.largestList) bytes: ask for pages with limit and before")
    }
    return objects
  }
}
