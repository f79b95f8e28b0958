import Catalog
public import Domain
import Logging

extension FirmwareService {
  /// What became of a thing, newest first.
  /// - Parameter publicID: the thing's id, or its name at the DDI door.
  /// - Throws: `unknownThing`, `malformed` for a page that is none.
  public func showHistory(of publicID: String, _ page: PageRequest) async throws -> Page<ThingEvent> {
    let after = try page.rowID()
    try await flushObservations()
    let thing = try await thing(publicID)
    let events = try await translatingErrors {
      try await catalog.events(of: thing.id, before: after, limit: page.limit + 1)
    }
    return Page(
      Array(events.prefix(page.limit)), next: events.count > page.limit ? String(events[page.limit - 1].number) : nil)
  }

  /// The newest value of each resource of a thing, by key; magic ones left out.
  /// - Throws: `unknownThing`, `tooLarge`.
  public func showNewestValues(of publicID: String) async throws -> [StoredValue] {
    let thing = try await thing(publicID)
    return try await readAllResources(of: thing.id, in: .newest(1)).flatMap(\.values)
  }

  /// The newest values of a resource of a thing, newest first.
  /// - Parameter range: its limit is clamped to 1 to 100.
  /// - Throws: `unknownThing`, `unknownResource` for one that was never written, `tooLarge`.
  public func showValues(of key: String, ofThing publicID: String, in range: ValueRange) async throws -> [StoredValue] {
    let thing = try await thing(publicID)
    // SQLite would take a key for ended there.
    guard !key.unicodeScalars.contains("\0") else { throw Self.unknownResource }
    return try await readResource(key, of: thing.id, in: range)
  }

  /// How long an event stays in the history of its thing, in seconds; of each thing the newest 1,000 do.
  static let eventsKeptSeconds: Int64 = 400 * 86_400
  /// Events that are looked at in one transaction, so that writes come in between.
  private static let eventsDeletedTogether = 1000

  /// Deletes events that are older than is kept.
  /// - Returns: how many.
  @discardableResult public func deleteOldEvents() async throws -> Int {
    let moment = clock().adding(seconds: -Self.eventsKeptSeconds)
    return try await translatingErrors {
      let deleted = try await inParts(of: Self.eventsDeletedTogether) {
        try await catalog.deleteEvents(before: moment, most: $0)
      }
      if deleted > 0 { log.info("old events of things deleted", metadata: ["events": "\(deleted)"]) }
      return deleted
    }
  }
}
