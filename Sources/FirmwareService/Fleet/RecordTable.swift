internal import CLinux

/// By what records are found: each has one.
protocol RecordKey: Equatable {
  init(of record: ThingRecord)

  /// As good as chance.
  var hash: UInt64 { get }
}

extension Int64: RecordKey {
  init(of record: ThingRecord) { self = record.thingID }

  var hash: UInt64 {
    var hasher = Hasher()
    hasher.combine(self)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}

extension TokenKey: RecordKey {
  init(of record: ThingRecord) { self = record.key }

  /// It is a hash already. Nobody outside chooses what is in a table: the service makes the tokens, or operators bring them.
  var hash: UInt64 { low }
}

/// The records of things by a key that they hold themselves: 14 to 20 bytes for each, where a dictionary, which has the keys
/// once more, takes 21 to 64.
///
/// Each place has a byte of its record's hash, so that a search touches no other record than the one that it finds: of a large
/// fleet every record that is touched is one more that no processor's cache has. For the same reason it is memory of its own
/// and not arrays: nothing is counted or compared on the way to a place.
///
/// Open addressing with linear probing (Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithm L; R for
/// removals). The table lies in parts, so that growing moves a small part of a large fleet at a time, and what it leaves is
/// small enough to be used again.
struct RecordTable<Key: RecordKey>: ~Copyable {
  /// As many as eight bits tell apart.
  private static var partCount: Int { 256 }

  private let parts = UnsafeMutableBufferPointer<RecordTablePart<Key>>.allocate(capacity: partCount)

  init() { parts.initialize(repeating: RecordTablePart()) }

  deinit {
    for part in parts { part.deallocate() }
    parts.deallocate()
  }

  /// The records of a kind, in no order.
  func filter(_ isIncluded: (ThingRecord) -> Bool) -> [ThingRecord] { parts.flatMap { $0.filter(isIncluded) } }

  subscript(key: Key) -> ThingRecord? {
    let hash = key.hash
    return parts[Self.part(of: hash)].record(of: key, hash)
  }

  /// Has the processor fetch what searches for these keys will read, from main memory for all of them at a time. Each search
  /// would have to wait for its own, once for the place and once for the record.
  func prefetch(_ keys: some Collection<Key>) {
    for key in keys {
      let hash = key.hash
      parts[Self.part(of: hash)].prefetchHome(of: hash)
    }
    for key in keys {
      let hash = key.hash
      parts[Self.part(of: hash)].prefetchRecord(of: hash)
    }
  }

  /// Takes a record, in place of another one with the same key.
  mutating func insert(_ record: ThingRecord) {
    let key = Key(of: record)
    let hash = key.hash
    parts[Self.part(of: hash)].insert(record, key, hash)
  }

  @discardableResult mutating func remove(_ key: Key) -> ThingRecord? {
    let hash = key.hash
    return parts[Self.part(of: hash)].remove(key, hash)
  }

  /// By the highest bits; the next ones tell the place in the part.
  private static func part(of hash: UInt64) -> Int { Int(hash >> 56) }
}

/// It belongs to one table, which deallocates it.
private struct RecordTablePart<Key: RecordKey> {
  /// Each is held by its place.
  private typealias Place = Unmanaged<ThingRecord>?

  private var places = UnsafeMutableBufferPointer<Place>(start: nil, count: 0)
  /// A byte of the hash of the record in each place; 0 where there is none.
  private var tags = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
  private var count = 0

  init() {}

  private init(capacity: Int) {
    places = .allocate(capacity: capacity)
    places.initialize(repeating: nil)
    tags = .allocate(capacity: capacity)
    tags.initialize(repeating: 0)
  }

  /// Lets go of all records.
  func deallocate() {
    for place in places { place?.release() }
    deallocatePlaces()
  }

  private func deallocatePlaces() {
    places.deallocate()
    tags.deallocate()
  }

  func filter(_ isIncluded: (ThingRecord) -> Bool) -> [ThingRecord] {
    places.lazy.compactMap { $0?.takeUnretainedValue() }.filter(isIncluded)
  }

  /// Where a search begins: the hash as a fraction of the part, which may have any length.
  private func home(of hash: UInt64) -> Int { Int((hash << 8).multipliedFullWidth(by: UInt64(places.count)).high) }

  /// By the lowest bits, which tell least of the place.
  private static func tag(of hash: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: hash) | 1 }

  private func place(after place: Int) -> Int { place + 1 == places.count ? 0 : place + 1 }

  private static func key(_ record: Unmanaged<ThingRecord>) -> Key { record._withUnsafeGuaranteedRef { Key(of: $0) } }

  /// Where the record with the key is, or the empty place where it would be. There always is an empty one.
  private func place(of key: Key, _ hash: UInt64) -> Int {
    let tag = Self.tag(of: hash)
    var place = home(of: hash)
    while tags[place] != 0 {
      if tags[place] == tag, let record = places[place], Self.key(record) == key { break }
      place = self.place(after: place)
    }
    return place
  }

  func record(of key: Key, _ hash: UInt64) -> ThingRecord? {
    places.isEmpty ? nil : places[place(of: key, hash)]?.takeUnretainedValue()
  }

  /// Fetches the place where a search begins.
  func prefetchHome(of hash: UInt64) {
    guard let first = places.baseAddress, let firstTag = tags.baseAddress else { return }
    firmament_prefetch(firstTag + home(of: hash))
    firmament_prefetch(first + home(of: hash))
  }

  /// Fetches the record that a search looks at first.
  func prefetchRecord(of hash: UInt64) {
    guard !places.isEmpty else { return }
    let tag = Self.tag(of: hash)
    var place = home(of: hash)
    while tags[place] != 0, tags[place] != tag { place = self.place(after: place) }
    guard let record = places[place]?.toOpaque() else { return }
    for line in 0..<ThingRecord.hotLines { firmament_prefetch(record + line * 64) }
  }

  private func set(_ place: Int, to record: Unmanaged<ThingRecord>, _ hash: UInt64) {
    (places[place], tags[place]) = (record, Self.tag(of: hash))
  }

  mutating func insert(_ record: ThingRecord, _ key: Key, _ hash: UInt64) {
    // Two thirds at most are taken: a search looks at two places, all in all.
    if (count + 1) * 3 > places.count * 2 { grow() }
    let place = place(of: key, hash)
    if let before = places[place] { before.release() } else { count += 1 }
    set(place, to: .passRetained(record), hash)
  }

  private mutating func grow() {
    var grown = RecordTablePart(capacity: max(6, places.count + places.count / 2))
    grown.count = count
    for case let record? in places {
      let key = Self.key(record)
      grown.set(grown.place(of: key, key.hash), to: record, key.hash)
    }
    deallocatePlaces()
    self = grown
  }

  mutating func remove(_ key: Key, _ hash: UInt64) -> ThingRecord? {
    guard !places.isEmpty, case var hole = place(of: key, hash), let removed = places[hole] else { return nil }
    count -= 1
    var next = place(after: hole)
    // What stands behind the hole and could have stood there comes forward, or no search would find it.
    while let record = places[next] {
      let hash = Self.key(record).hash
      if distance(from: home(of: hash), to: next) >= distance(from: hole, to: next) {
        set(hole, to: record, hash)
        hole = next
      }
      next = place(after: next)
    }
    (places[hole], tags[hole]) = (nil, 0)
    if count == 0 {
      deallocatePlaces()
      self = RecordTablePart()
    }
    return removed.takeRetainedValue()
  }

  private func distance(from first: Int, to second: Int) -> Int {
    second >= first ? second - first : second - first + places.count
  }
}
