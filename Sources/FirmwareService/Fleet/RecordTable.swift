/// By what records are found: each has one.
protocol RecordKey: Hashable {
  init(of record: ThingRecord)
}

extension Int64: RecordKey {
  init(of record: ThingRecord) { self = record.thingID }
}

extension TokenKey: RecordKey {
  init(of record: ThingRecord) { self = record.key }
}

/// The records of things by a key that they hold themselves: 14 to 20 bytes for each, where a dictionary, which has the keys
/// once more, takes 21 to 64.
///
/// Each place has a byte of its record's hash, so that a search touches no other record than the one that it finds: of a large
/// fleet every record that is touched is one more that no processor's cache has.
///
/// Open addressing with linear probing (Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithm L; R for
/// removals). The table lies in parts, so that growing moves a small part of a large fleet at a time, and what it leaves is
/// small enough to be used again.
struct RecordTable<Key: RecordKey> {
  /// As many as eight bits tell apart.
  private static var partCount: Int { 256 }

  private var parts = [RecordTablePart<Key>](repeating: RecordTablePart(), count: partCount)

  /// In no order.
  var records: some Sequence<ThingRecord> { parts.lazy.flatMap { $0.places.lazy.compactMap { $0 } } }

  subscript(key: Key) -> ThingRecord? {
    let hash = Self.hash(of: key)
    let part = Self.part(of: hash)
    return parts[part].places.isEmpty ? nil : parts[part].places[parts[part].place(of: key, hash)]
  }

  /// Takes a record, in place of another one with the same key.
  mutating func insert(_ record: ThingRecord) {
    let key = Key(of: record)
    let hash = Self.hash(of: key)
    parts[Self.part(of: hash)].insert(record, key, hash)
  }

  @discardableResult mutating func remove(_ key: Key) -> ThingRecord? {
    let hash = Self.hash(of: key)
    return parts[Self.part(of: hash)].remove(key, hash)
  }

  fileprivate static func hash(of key: Key) -> UInt64 {
    var hasher = Hasher()
    key.hash(into: &hasher)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  /// By the highest bits; the next ones tell the place in the part.
  private static func part(of hash: UInt64) -> Int { Int(hash >> 56) }
}

private struct RecordTablePart<Key: RecordKey> {
  private(set) var places: [ThingRecord?] = []
  /// A byte of the hash of the record in each place; 0 where there is none.
  private var tags: [UInt8] = []
  private var count = 0

  /// Where a search begins: the hash as a fraction of the part, which may have any length.
  private func home(of hash: UInt64) -> Int { Int((hash << 8).multipliedFullWidth(by: UInt64(places.count)).high) }

  /// By the lowest bits, which tell least of the place.
  private static func tag(of hash: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: hash) | 1 }

  private func place(after place: Int) -> Int { place + 1 == places.count ? 0 : place + 1 }

  /// Where the record with the key is, or the empty place where it would be. There always is an empty one.
  func place(of key: Key, _ hash: UInt64) -> Int {
    let tag = Self.tag(of: hash)
    var place = home(of: hash)
    while tags[place] != 0 {
      if tags[place] == tag, let record = places[place], Key(of: record) == key { break }
      place = self.place(after: place)
    }
    return place
  }

  private mutating func set(_ place: Int, to record: ThingRecord, _ hash: UInt64) {
    (places[place], tags[place]) = (record, Self.tag(of: hash))
  }

  mutating func insert(_ record: ThingRecord, _ key: Key, _ hash: UInt64) {
    // Two thirds at most are taken: a search looks at two places, all in all.
    if (count + 1) * 3 > places.count * 2 { grow() }
    let place = place(of: key, hash)
    if places[place] == nil { count += 1 }
    set(place, to: record, hash)
  }

  private mutating func grow() {
    let before = places
    let capacity = max(6, before.count + before.count / 2)
    places = [ThingRecord?](repeating: nil, count: capacity)
    tags = [UInt8](repeating: 0, count: capacity)
    for case let record? in before {
      let key = Key(of: record)
      let hash = RecordTable<Key>.hash(of: key)
      set(place(of: key, hash), to: record, hash)
    }
  }

  mutating func remove(_ key: Key, _ hash: UInt64) -> ThingRecord? {
    guard !places.isEmpty, case var hole = place(of: key, hash), let removed = places[hole] else { return nil }
    count -= 1
    var next = place(after: hole)
    // What stands behind the hole and could have stood there comes forward, or no search would find it.
    while let record = places[next] {
      let hash = RecordTable<Key>.hash(of: Key(of: record))
      if distance(from: home(of: hash), to: next) >= distance(from: hole, to: next) {
        set(hole, to: record, hash)
        hole = next
      }
      next = place(after: next)
    }
    (places[hole], tags[hole]) = (nil, 0)
    if count == 0 { (places, tags) = ([], []) }
    return removed
  }

  private func distance(from first: Int, to second: Int) -> Int {
    second >= first ? second - first : second - first + places.count
  }
}
