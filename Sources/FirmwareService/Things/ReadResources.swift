import Catalog
public import Domain
import Foundation

extension FirmwareService {
  /// The most values that one answer holds of a resource.
  public static let mostValues = 100

  /// The newest values of a resource of a thing, newest first.
  /// - Parameter range: its limit is clamped to 1 to 100.
  /// - Throws: `unknownResource` for one that was never written, `tooLarge`. A description that was not is just empty.
  public func readResource(
    _ key: String, of thingID: Int64, in range: ValueRange = ValueRange()
  ) async throws -> [StoredValue] {
    let (granted, range) = Self.asked(key, range)
    return try Self.answer(
      key,
      try await translatingErrors {
        try await catalog.values(of: granted, thingID: thingID, in: range, largest: settings.largestList)
      })
  }

  /// What is read for a key: of one setting, it is the newest of all settings.
  static func asked(_ key: String, _ range: ValueRange) -> (granted: String, range: ValueRange) {
    var range = clamped(range)
    if ResourceKey.settingPath(key)?.isEmpty == false { range.limit = 1 }
    return (ResourceKey.granted(key), range)
  }

  /// What was read for a key, as it is answered.
  /// - Parameter values: nil where it was never written.
  static func answer(_ key: String, _ values: [StoredValue]?) throws -> [StoredValue] {
    if let path = ResourceKey.settingPath(key), !path.isEmpty {
      guard let setting = values?.first.flatMap({ Self.setting(path, key, of: $0) }) else { throw unknownResource }
      return [setting]
    }
    guard let values = values ?? (key == ResourceKey.description ? [] : nil) else { throw unknownResource }
    return values
  }

  static let unknownResource = ServiceError(.unknownResource, "resource not found")

  /// What stands at the end of this path in a thing's settings; nil where there is nothing.
  static func setting(_ path: [String], _ key: String, of settings: StoredValue) -> StoredValue? {
    var value: JSONValue? = try? JSONValue(parsing: settings.value)
    for name in path { value = value?[name] }
    return value.map { StoredValue(key: key, value: $0.json, datetime: settings.datetime) }
  }

  /// The names of a thing's resources, magic ones left out.
  public func listResources(of thingID: Int64) async throws -> [String] {
    try await translatingErrors { try await catalog.resourceKeys(of: thingID) }
  }

  /// The newest values of each resource of a thing, by name; magic ones left out.
  /// - Throws: `tooLarge`.
  public func readAllResources(of thingID: Int64, in range: ValueRange) async throws -> [ResourceValues] {
    try await translatingErrors {
      try await catalog.allValues(of: thingID, in: Self.clamped(range), largest: settings.largestList)
    }
  }

  static func clamped(_ range: ValueRange) -> ValueRange {
    var range = range
    range.limit = min(max(range.limit, 1), mostValues)
    return range
  }

  /// The time of the service.
  public func currentTime() -> Timestamp { clock() }
}
