import Catalog
public import Domain
import LiveChannels

/// One value as a thing or an app writes it.
public struct ResourceRecord: Sendable, Hashable {
  public let key: String
  public let value: JSONValue
  /// Nil for now.
  public let datetime: Timestamp?
  public let geo: JSONValue?

  public init(key: String, value: JSONValue, datetime: Timestamp? = nil, geo: JSONValue? = nil) {
    self.key = key
    self.value = value
    self.datetime = datetime
    self.geo = geo
  }
}

extension FirmwareService {
  /// How long a user may link a thing by its id after the thing has allowed it, in seconds.
  public static let linkAllowance: Int64 = 86_400

  /// The magic resource by which a thing lets a user link it by its id.
  static let linkResource = "$link"

  /// Takes what is written for a thing. All of it is durable when this returns, or none of it has happened.
  /// - Parameter owner: the user who writes, and must own the thing; nil where the thing does by itself, which shows that it is
  ///   there.
  /// - Throws: `malformed` naming the field, `unknownThing`, `tooLarge` for the thing's settings.
  public func writeResources(_ records: [ResourceRecord], of thingID: Int64, by owner: Int64? = nil) async throws {
    let now = clock()
    guard let known = try await translatingErrors({ try await fleet.standing(of: thingID) }) else {
      throw ServiceError(.unknownThing, "thing not found")
    }
    // What a thing says of a rollout is held against what the rollout asks of it.
    var facts: ThingFacts?
    let releases = releases.snapshot
    if Self.isAboutRollouts(records), let model = releases.modelsByID[known.modelID] {
      facts = try await self.facts(of: thingID, model, releases)
    }
    let (commit, reports) = try queue(records, of: known, facts, by: owner, at: now)
    try await settle(commit, of: thingID)
    for report in reports { figures.count(report: report.status) }
  }

  /// The same for a thing that is in memory, without waiting.
  /// - Parameters:
  ///   - records: reads what is written, once the thing is known; nil for what is not plainly right.
  ///   - done: told on the catalog's writer whether all of it is durable; if not, none of it has happened.
  /// - Returns: false where it has to be asked in the other way, which also tells what is wrong. Nothing has happened then.
  public func writeResources(
    ofThingBy token: ThingToken, _ records: () -> [ResourceRecord]?, done: @escaping @Sendable (Bool) -> Void
  ) -> Bool {
    let now = clock()
    guard let thing = fleet.recall(token, at: now), let records = records() else { return false }
    let (known, facts) = (thing.standing, thing.facts)
    let needs = releases.snapshot.needs(ofModel: known.modelID)
    let isAboutRollouts = Self.isAboutRollouts(records)
    guard !isAboutRollouts || needs.isEmpty || facts?.needs == needs,
      case let (commit?, reports)? = try? queue(records, of: known, isAboutRollouts ? facts?.facts : nil, by: nil, at: now)
    else { return false }
    settle(commit, of: known.thingID) { [figures] outcome in
      if case .failure = outcome { return done(false) }
      for report in reports { figures.count(report: report.status) }
      done(true)
    }
    return true
  }

  private static func isAboutRollouts(_ records: [ResourceRecord]) -> Bool {
    records.contains { $0.key == firmwareResource || $0.key == consentResource }
  }

  /// Queues what is written.
  /// - Parameter facts: what the rules of the model's rollouts need to know of the thing, where anything is about those.
  /// - Returns: the commit to wait for, and what the thing has reported of its firmware.
  private func queue(
    _ records: [ResourceRecord], of known: ThingStanding, _ facts: ThingFacts?, by owner: Int64?, at now: Timestamp
  ) throws -> (commit: PendingCommit?, reports: [FirmwareReport]) {
    guard !records.isEmpty else { throw ServiceError(.malformed, "values: is empty") }
    let thingID = known.thingID
    let writing = try ResourceWriting(records, largestSettings: settings.largestSettings, at: now)
    let batch = batch(writing, of: known, by: owner, at: now)
    guard !writing.reports.isEmpty || !writing.consents.isEmpty else {
      if owner == nil { fleet.hear(thingID, at: now) }
      return (catalog.record([], batch), [])
    }
    let releases = releases.snapshot
    guard let model = releases.modelsByID[known.modelID] else { throw ServiceError(.unknownThing, "thing not found") }
    let commit = try fleet.change(thingID, seenAt: owner == nil ? now : nil) { standing in
      for report in writing.reports { try self.apply(report, to: &standing, model, releases, facts, at: now) }
      for consent in writing.consents { try Self.apply(consent, to: &standing, model, releases, facts, at: now) }
      return batch
    }
    return (commit, writing.reports)
  }

  /// What goes to the catalog, and what listeners are told once it is there. Who listens is asked then, so that nobody misses a
  /// write that was committed after they had subscribed; where nobody does, it costs a look.
  private func batch(_ writing: ResourceWriting, of thing: ThingStanding, by owner: Int64?, at now: Timestamp) -> ResourceBatch
  {
    let written = writing.written
    // Settings are one resource to those who listen, by whichever name they were written.
    let keys = Set(written.map { ResourceKey.granted($0.key) }).sorted()
    return ResourceBatch(
      thingID: thing.thingID, changes: writing.changes, owner: owner, arrivedAt: now,
      committed: { [live, fleet] whoSee in
        fleet.learn(thing.thingID, written)
        var messages: [(topic: LiveTopic, json: [UInt8])] = []
        if live.hasSubscribers(to: .thing(thing.thingID)) {
          messages.append((.thing(thing.thingID), LiveTexts.values(written)))
        }
        for key in keys {
          let listeners = live.users(listeningTo: key)
          guard !listeners.isEmpty else { continue }
          let users = whoSee(key).intersection(listeners)
          guard !users.isEmpty else { continue }
          let text = LiveTexts.values(written.filter { ResourceKey.granted($0.key) == key }, thing: thing.publicID)
          messages += users.map { (.resource(userID: $0, key: key), text) }
        }
        if !messages.isEmpty { live.publish(messages) }
      })
  }
}

/// Records as they are checked and sorted by what has to be done with them.
private struct ResourceWriting {
  /// What listeners are told: each record as it was written.
  private(set) var written: [StoredValue] = []
  private(set) var changes: [ResourceBatch.Change] = []
  private(set) var reports: [FirmwareReport] = []
  private(set) var consents: [ConsentReport] = []
  /// What is merged into the settings, which are read and stored once however many there are.
  private var patches: [(patch: JSONValue, datetime: Timestamp)] = []

  init(_ records: [ResourceRecord], largestSettings: Int, at now: Timestamp) throws {
    written.reserveCapacity(records.count)
    changes.reserveCapacity(records.count)
    for record in records {
      if record.key.utf8.first == UInt8(ascii: "$") { try addMagic(record, at: now) } else { try add(record, at: now) }
    }
    if !patches.isEmpty {
      changes.append(
        .merge(
          key: ResourceKey.settings, patches: patches.map(\.patch),
          datetime: patches.reduce(patches[0].datetime) { max($0, $1.datetime) }, largest: largestSettings))
    }
  }

  private mutating func add(_ record: ResourceRecord, at now: Timestamp) throws {
    guard ResourceKey.isKey(record.key) else {
      throw ServiceError(
        .malformed, "key: 1 to \(ResourceKey.longest) letters, digits, '.', '-' and '_' are needed")
    }
    var geo: JSONValue?
    if let given = record.geo, given != .null {
      guard let point = GeographicPoint(latLong: given) ?? GeographicPoint(geoJSON: given) else {
        throw ServiceError(.malformed, "geo: lat and long in degrees are needed")
      }
      geo = point.latLong
    }
    append(record.key, record.value, record.datetime ?? now, geo)
  }

  private mutating func append(_ key: String, _ value: JSONValue, _ datetime: Timestamp, _ geo: JSONValue? = nil) {
    let value = StoredValue(key: key, value: value.json, datetime: datetime, geo: geo?.json)
    written.append(value)
    changes.append(key == ResourceKey.description ? .replace(value) : .append(value))
  }

  /// Magic resources (wire page, section 3.5), and ours beside them.
  private mutating func addMagic(_ record: ResourceRecord, at now: Timestamp) throws {
    let datetime = record.datetime ?? now
    switch record.key {
    case FirmwareService.firmwareResource:
      reports.append(try FirmwareReport(record.value))
      append(record.key, record.value, datetime)
    case FirmwareService.consentResource:
      consents.append(try ConsentReport(record.value))
      append(record.key, record.value, datetime)
    case "$geo":
      let point = record.value == .null ? record.geo.flatMap { .init(latLong: $0) } : GeographicPoint(geoJSON: record.value)
      guard let point else {
        throw ServiceError(.malformed, "$geo: a GeoJSON Point, [long, lat], or null with geo {lat, long} is needed")
      }
      append(record.key, point.geoJSON, datetime)
    case FirmwareService.linkResource:
      guard case .bool(let allow)? = record.value["allow"] else {
        throw ServiceError(.malformed, "$link: {\"allow\": true} or {\"allow\": false} is needed")
      }
      append(record.key, record.value, datetime)
      changes.append(.allowLink(until: allow ? now.adding(seconds: FirmwareService.linkAllowance) : nil))
    default:
      try addSetting(record, datetime)
    }
  }

  private mutating func addSetting(_ record: ResourceRecord, _ datetime: Timestamp) throws {
    guard let path = ResourceKey.settingPath(record.key) else {
      throw ServiceError(
        .malformed, "key: there are $geo, $settings, $firmware, $link and $consent, and no other key begins with $")
    }
    if path.isEmpty, case .object = record.value {
    } else if path.isEmpty {
      throw ServiceError(.malformed, "$settings: an object is needed")
    }
    let patch = path.reversed().reduce(record.value) { .object([$1: $0]) }
    written.append(StoredValue(key: record.key, value: record.value.json, datetime: datetime))
    patches.append((patch, datetime))
  }
}
