import Catalog
public import Domain
import Foundation

extension FirmwareService {
  /// The most values that one answer holds of a resource.
  public static let mostValues = 100

  /// The newest values of a resource of a thing, newest first.
  /// - Parameter range: its limit is clamped to 1 to 100.
  /// - Throws: `unknownResource` for one that was never written. A description that was not is just empty.
  public func readResource(
    _ key: String, of thingID: Int64, in range: ValueRange = ValueRange()
  ) async throws -> [StoredValue] {
    if let path = ResourceKey.settingPath(key), !path.isEmpty {
      return [try await readSetting(path, key, of: thingID, in: range)]
    }
    let values = try await translatingErrors {
      try await catalog.values(of: key, thingID: thingID, in: Self.clamped(range))
    }
    guard let values else {
      if key == ResourceKey.description { return [] }
      throw ServiceError(.unknownResource, "resource not found")
    }
    return values
  }

  private func readSetting(
    _ path: [String], _ key: String, of thingID: Int64, in range: ValueRange
  ) async throws -> StoredValue {
    var newest = range
    newest.limit = 1
    let settings = try await readResource(ResourceKey.settings, of: thingID, in: newest).first
    guard let setting = settings.flatMap({ Self.setting(path, key, of: $0) }) else {
      throw ServiceError(.unknownResource, "resource not found")
    }
    return setting
  }

  /// What stands at the end of this path in a thing's settings; nil where there is nothing.
  static func setting(_ path: [String], _ key: String, of settings: StoredValue) -> StoredValue? {
    var value: JSONValue? = try? JSONDecoder().decode(JSONValue.self, from: Data(settings.value.utf8))
    for name in path { value = value?[name] }
    return value.map { StoredValue(key: key, value: $0.json, datetime: settings.datetime) }
  }

  /// The names of a thing's resources, magic ones left out.
  public func listResources(of thingID: Int64) async throws -> [String] {
    try await translatingErrors { try await catalog.resourceKeys(of: thingID) }
  }

  /// The newest values of each resource of a thing, by name; magic ones left out.
  public func readAllResources(of thingID: Int64, in range: ValueRange) async throws -> [ResourceValues] {
    try await translatingErrors { try await catalog.allValues(of: thingID, in: Self.clamped(range)) }
  }

  static func clamped(_ range: ValueRange) -> ValueRange {
    var range = range
    range.limit = min(max(range.limit, 1), mostValues)
    return range
  }

  /// The time of the service.
  public func currentTime() -> Timestamp { clock() }
}
