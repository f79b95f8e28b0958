import Domain
import TestSupport
import Testing

@testable import FirmwareService

@Suite("A table of records") struct RecordTableTests {
  private static func record(_ thingID: Int64) -> ThingRecord {
    ThingRecord(
      ThingStanding(thingID: thingID, publicID: "t", modelID: 1, mcus: [], installations: [], deliveries: []), revision: 1)
  }

  /// Does the same to a table and to a dictionary, and compares what they have.
  private static func compare<Key: RecordKey & Hashable>(
    by _: Key.Type, _ steps: Int, seed: UInt64, _ make: (inout SeededGenerator) -> ThingRecord
  ) {
    var random = SeededGenerator(seed: seed)
    var table = RecordTable<Key>()
    var known: [Key: ThingRecord] = [:]
    for step in 0..<steps {
      let record = make(&random)
      let key = Key(of: record)
      // It grows, and then it becomes empty again.
      if UInt64(step) < random.next() % UInt64(steps) {
        table.insert(record)
        known[key] = record
      } else {
        let someKey = known.randomElement(using: &random)?.key ?? key
        let removed = table.remove(someKey)
        let rest = table[someKey]
        #expect(removed === known.removeValue(forKey: someKey) && rest == nil)
      }
      table.prefetch([key])
      let found = table[key]
      #expect(found === known[key])
    }
    let records = table.filter { _ in true }
    #expect(records.allSatisfy { known[Key(of: $0)] === $0 } && records.count == known.count)
    for (key, record) in known {
      let (removed, rest) = (table.remove(key), table[key])
      #expect(removed === record && rest == nil)
    }
    let rest = table.filter { _ in true }
    #expect(rest.isEmpty)
  }

  @Test func `has what a dictionary has, whatever is done to it`() {
    Self.compare(by: Int64.self, 20_000, seed: 1) { Self.record(Int64.random(in: 0..<8000, using: &$0)) }
    let names = (0..<8000).map { String($0) }.map { String(repeating: "t", count: ThingToken.length - $0.count) + $0 }
    let keys = names.map { TokenKey(ThingToken($0)!) }
    Self.compare(by: TokenKey.self, 20_000, seed: 2) { random in
      let record = Self.record(1)
      record.key = keys.randomElement(using: &random)!
      return record
    }
  }

  @Test func `finds each of many neighbours, and none that it has not`() {
    var table = RecordTable<Int64>()
    let ids = (Int64(0)..<30_000).map { $0 * 1024 - 5_000_000 }
    for id in ids { table.insert(Self.record(id)) }
    for id in ids {
      let (found, neighbour) = (table[id], table[id + 1])
      #expect(found?.thingID == id && neighbour == nil)
    }
    for id in ids where id % 3 == 0 { table.remove(id) }
    for id in ids {
      let found = table[id]
      #expect(found?.thingID == (id % 3 == 0 ? nil : id))
    }
  }

  @Test func `holds a record for as long as it has it, and no longer`() {
    weak var (first, second, third): (ThingRecord?, ThingRecord?, ThingRecord?)
    do {
      var table = RecordTable<Int64>()
      do {
        let records = [Self.record(1), Self.record(1), Self.record(2)]
        (first, second, third) = (records[0], records[1], records[2])
        for record in records { table.insert(record) }
      }
      #expect(first == nil && second != nil && third != nil)
      table.remove(2)
      #expect(third == nil)
      for id in 3..<100 { table.insert(Self.record(Int64(id))) }
      #expect(second != nil)
    }
    #expect(second == nil)
  }
}
