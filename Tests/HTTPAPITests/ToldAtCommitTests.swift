import Domain
import FirmwareService
import Testing

@testable import HTTPAPI

/// Who listens when a write is committed hears it, whatever was when it came in.
@Suite("A write that waits for its commit", .timeLimit(.minutes(10))) struct ToldAtCommitTests {
  /// Where the write is when somebody subscribes.
  enum Moment: CaseIterable { case queued, inTransaction }

  @Test(arguments: Moment.allCases) func `is heard by those who subscribe before the commit`(moment: Moment) async throws {
    try await Household.open(.socket) { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      let first = WriterHold(home.test.catalog)
      await first.begun()
      let token = try #require(ThingToken(device.token))
      #expect(
        home.test.service.writeResources(ofThingBy: token) {
          [.init(key: "t", value: .integer(2))]
        } done: { _ in
        })
      // Goes into the same transaction as the write, behind it.
      let second = WriterHold(home.test.catalog)
      if moment == .inTransaction {
        first.end()
        await second.begun()
      }
      let user = try await UserStream.open(.chunked, "/v2/me/resources/t", as: home.ada, home)
      let stranger = try await UserStream.open(.chunked, "/v2/me/resources/t", as: home.bob, home)
      let thing = try await UserStream.open(.chunked, "/v2/things/\(device.token)", as: nil, home)
      if moment == .queued { first.end() }
      second.end()
      let value = { (number: Int) in #""key":"t","value":\#(number),"datetime":"2025-06-15T15:06:40.999Z"}]"# }
      try await user.expect(#"[{"thingId":"\#(device.id)",\#(value(2))"#)
      try await thing.expect("[{\(value(2))")
      try await home.write(device, "t", "3")
      try await user.expect(#"[{"thingId":"\#(device.id)",\#(value(3))"#)
      try await thing.expect("[{\(value(3))")
      let others = try await home.newDevice(of: home.bob)
      try await home.write(others, "t", "4")
      try await stranger.expect(#"[{"thingId":"\#(others.id)",\#(value(4))"#)
    }
  }
}
