import Catalog
import Domain
import Synchronization
import Testing

@testable import FirmwareService

@Suite("Changes of objects") struct ObjectChangeTests {
  private final class Heard: Sendable {
    private let changes = Mutex<[ObjectChange]>([])
    var all: [ObjectChange] { changes.withLock { $0 } }
    func hear(_ change: ObjectChange) { changes.withLock { $0.append(change) } }
  }

  /// A user's collection in the catalog of a service.
  private func collection(_ test: TestService) async throws -> ClassCollection {
    let user = try await test.service.register(email: "ada@x", password: "a long password", app: nil, address: "").user
    return ClassCollection(userID: user.id, name: "notes")
  }

  @Test func `are told once each, only when they were made, with the object as it is afterwards`() async throws {
    let test = try await TestService()
    let collection = try await collection(test)
    let heard = Heard()
    let catalog = test.catalog
    func create(_ key: String) async throws -> ObjectOutcome {
      try await catalog.createObject(
        key, #"{"_id":"\#(key)"}"#, in: collection, most: 2, at: test.clock.now, committed: { heard.hear($0) })
    }
    func update(_ key: String, _ value: JSONValue, largest: Int = 100) async throws -> ObjectOutcome {
      try await catalog.updateObject(
        key, in: collection, .object(["v": value]), largest: largest, at: test.clock.now, committed: { heard.hear($0) })
    }
    #expect(try await create("a") == .made)
    #expect(try await create("a") == .exists)
    #expect(try await create("b") == .made)
    #expect(try await create("c") == .tooMany)
    #expect(try await update("a", .integer(1)) == .made)
    #expect(try await update("c", .integer(1)) == .missing)
    #expect(try await update("a", .string("too large"), largest: 10) == .tooLarge)
    #expect(try await catalog.deleteObjects("c", in: collection, committed: { heard.hear($0) }) == 0)
    #expect(try await catalog.deleteObjects("b", in: collection, committed: { heard.hear($0) }) == 1)
    #expect(try await catalog.deleteObjects(nil, in: collection, committed: { heard.hear($0) }) == 1)
    #expect(
      heard.all.map { String(decoding: $0.message, as: UTF8.self) } == [
        #"[{"event":"created","_id":"a","object":{"_id":"a"}}]"#, #"[{"event":"created","_id":"b","object":{"_id":"b"}}]"#,
        #"[{"event":"updated","_id":"a","object":{"_id":"a","v":1}}]"#, #"[{"event":"deleted","_id":"b"}]"#,
        #"[{"event":"deleted","_id":"a"}]"#,
      ])
  }

  @Test func `are told in the order in which they were made, however many come at once`() async throws {
    let test = try await TestService()
    let collection = try await collection(test)
    let heard = Heard()
    _ = try await test.catalog.createObject(
      "k", "{}", in: collection, most: 10, at: test.clock.now, committed: { heard.hear($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          let patch = JSONValue.object(["\(number)": .integer(1)])
          _ = try await test.catalog.updateObject(
            "k", in: collection, patch, largest: 1 << 20, at: test.clock.now, committed: { heard.hear($0) })
        }
      }
      try await group.waitForAll()
    }
    // Each update adds one member, so the length tells the order in which they were made.
    let lengths = heard.all.map { $0.json?.utf8.count ?? 0 }
    #expect(lengths.count == 201 && lengths == lengths.sorted() && Set(lengths).count == 201)
    #expect(try await test.catalog.object("k", in: collection) == heard.all.last?.json)
  }

  @Test func `have a key that is escaped as JSON asks`() {
    let change = ObjectChange(kind: .deleted, key: #"a"\/b"#, json: nil)
    #expect(String(decoding: change.message, as: UTF8.self) == #"[{"event":"deleted","_id":"a\"\\/b"}]"#)
  }
}
