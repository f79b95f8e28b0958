import Catalog
public import Domain
import Foundation

extension FirmwareService {
  /// Stores a new object in a collection of the user.
  /// - Parameter key: nil for the `_id` of the object, else a random one.
  /// - Returns: its key.
  /// - Throws: `malformed`, `exists`, `tooLarge`, `tooMany`.
  public func createObject(
    _ object: JSONValue, key: String?, in collection: String, of user: SessionUser
  ) async throws -> String {
    let now = clock()
    let collection = try CollectionName.collection(collection, of: user)
    guard case .object(var members) = object else { throw Self.noObject }
    let named = try members["_id"] == .null ? nil : CollectionName.key(in: members)
    let given = try key.map(CollectionName.key)
    if let named, let given, named != given { throw ServiceError(.malformed, "_id: is another than the one in the path") }
    let key = given ?? named ?? Identifiers.object()
    members["_id"] = .string(key)
    let json = try Self.json(.object(members))
    guard json.utf8.count <= settings.largestObject else { throw objectTooLarge }
    let outcome = try await translatingErrors {
      try await catalog.createObject(
        key, json, in: collection, most: settings.mostObjects, at: now, committed: announcing(collection))
    }
    try check(outcome)
    return key
  }

  /// What became of an object, as an error.
  func check(_ outcome: ObjectOutcome) throws {
    switch outcome {
    case .made: return
    case .exists: throw ServiceError(.exists, "there is an object with this _id")
    case .missing: throw Self.unknownObject
    case .tooLarge: throw objectTooLarge
    case .tooMany: throw ServiceError(.tooMany, "you have \(settings.mostObjects) objects: delete some first")
    }
  }

  static let noObject = ServiceError(.malformed, "the body: an object is needed")
  static let unknownObject = ServiceError(.unknownObject, "object not found")

  private var objectTooLarge: ServiceError {
    ServiceError(.tooLarge, "the object would have more than \(settings.largestObject) bytes")
  }

  private static func json(_ value: JSONValue) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
