import Catalog
import Domain
import Foundation
import Testing

@testable import FirmwareService

@Suite struct RetentionTests {
  private func write(_ count: Int, _ key: String, of thing: Int64, _ test: TestService, from start: Int64 = 0) async throws {
    let records = (0..<count).map { number in
      ResourceRecord(
        key: key, value: .integer(start + Int64(number)),
        datetime: Timestamp(milliseconds: test.clock.now.milliseconds - Int64(count - number) * 1000))
    }
    try await test.service.writeResources(records, of: thing)
  }

  private func values(_ key: String, _ thing: Int64, _ test: TestService) async throws -> [String] {
    try await test.service.readResource(key, of: thing, in: .newest(100)).map(\.value)
  }

  @Test func `without a retention everything stays`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    try await write(50, "a", of: thing.id, test)
    #expect(try await test.service.trimValues() == 0)
    #expect(try await values("a", thing.id, test).count == 50)
  }

  @Test func `the newest so many values of each resource stay, of this model's things only`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.createModel("other")
    let (lamp, other) = (try await test.activate(), try await test.activate("other"))
    for thing in [lamp, other] { for key in ["a", "b"] { try await write(30, key, of: thing.id, test) } }
    try await test.service.writeResources(
      [ResourceRecord(key: "$geo", value: .array([.integer(1), .integer(2)]))], of: lamp.id)
    let model = try await test.service.setRetention(Retention(values: 3, seconds: nil), of: "lamp", by: "ada")
    #expect(model.retention == Retention(values: 3, seconds: nil))
    #expect(try await test.service.trimValues() == 54)
    for key in ["a", "b"] {
      #expect(try await values(key, lamp.id, test) == ["29", "28", "27"])
      #expect(try await values(key, other.id, test).count == 30)
    }
    #expect(try await test.service.trimValues() == 0)
  }

  @Test func `old values go, a large heap of them too, but the newest says how the thing is`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    try await write(5000, "a", of: thing.id, test)
    _ = try await test.service.setRetention(Retention(values: nil, seconds: 60), of: "lamp", by: "ada")
    #expect(try await test.service.trimValues() == 4940)
    #expect(try await values("a", thing.id, test).count == 60)
    test.clock.advance(seconds: 3600)
    #expect(try await test.service.trimValues() == 59)
    #expect(try await values("a", thing.id, test) == ["4999"])
    await expectRefusal(.malformed) {
      _ = try await test.service.setRetention(Retention(values: 0, seconds: nil), of: "lamp", by: "ada")
    }
    await expectRefusal(.unknownModel) {
      _ = try await test.service.setRetention(Retention(values: 1, seconds: nil), of: "none", by: "ada")
    }
  }
}
