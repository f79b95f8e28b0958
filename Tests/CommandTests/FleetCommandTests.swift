import APIClient
import APIContract
import ArgumentParser
import Domain
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct FleetCommandTests {
  private static let at = Timestamp(milliseconds: 0)

  private static func page(_ thing: ThingSummary?, _ next: String?) throws -> AnsweringServer.Answer {
    try .shape(ThingList(things: thing.map { [$0] } ?? [], next: PageCursor(next)))
  }

  @Test func `things are searched by all that is given, over pages that may be empty`() async throws {
    let first = ThingSummary(
      id: "t2", model: "lamp", createdAt: Self.at, tags: ["a", "b\u{1B}"], running: ["radio": "2", "main": "1.0"])
    let last = ThingSummary(id: "t1", model: "lamp", createdAt: Self.at)
    let server = AnsweringServer([try Self.page(first, "9"), try Self.page(nil, "5"), try Self.page(last, nil)])
    let command = try ThingListing.parse([
      "--model", "lamp", "--id", "t", "--tag", "a&b", "--where", "resource.x>1 and tag==a", "--silent-for", "7d", "--running",
      "main=1.0",
    ])
    #expect(
      try await server.output(of: command) == """
        ID  MODEL  ACTIVATED  LAST SEEN  RETIRED  RUNS               TAGS
        t2  lamp   -          -          -        main 1.0, radio 2  a, b?
        t1  lamp   -          -          -        -                  -

        """)
    let query =
      "model=lamp&id=t&tag=a%26b&where=resource.x%3E1%20and%20tag%3D%3Da&silentFor=604800&running=main%3D1.0&limit=1000"
    #expect(
      server.requests == ["", "&after=9", "&after=5"].map { "GET /api/v1/things?\(query)\($0)" })
  }

  @Test func `what is not given is not asked for, and a wrong length of time is told before anything is sent`() async throws {
    let server = AnsweringServer([try Self.page(nil, nil)])
    _ = try await server.output(of: try ThingListing.parse([]))
    #expect(server.requests == ["GET /api/v1/things?limit=1000"])
    #expect(throws: (any Error).self) { try ThingListing.parse(["--silent-for", "long"]) }
  }

  @Test func `a mistake in the condition is pointed at, but not for programs`() async throws {
    let refusal = try AnsweringServer.Answer.refusal(400, "where: at character 11: a condition is missing")
    let error = await #expect(throws: CommandFailure.self) {
      try await AnsweringServer([refusal]).output(of: try ThingListing.parse(["--where", "tag==beta;;x==1"]))
    }
    #expect(error?.below == "  tag==beta;;x==1\n            ^")
    await #expect(throws: APIClientError.self) {
      try await AnsweringServer([refusal]).output(of: try ThingListing.parse(["--where", "tag==beta;;x==1", "--json"]))
    }
  }

  private static let status = StatusShape(firmwares: [
    FirmwareStatus(
      id: "f1", model: "lamp", mcu: "main", version: "1.0.0", published: true, running: 3,
      counts: StateCounts([.confirmed: 3]))
  ])
  private static let fleet = FleetShape(
    models: [
      ModelFleetShape(
        model: "lamp", things: 9, activated: 8, retired: 1, seenLastHour: 5, seenLastDay: 7, silent: 2,
        mcus: [
          MCUVersionsShape(
            mcu: "main", versions: [.init(version: "1.0.0", things: 3), .init(version: nil, things: 4)], others: 1)
        ])
    ], at: at)

  @Test func `status has the states of firmware first, and then how the fleet is`() async throws {
    let server = AnsweringServer([try .shape(Self.status), try .shape(Self.fleet)])
    let text = try await server.output(of: try StatusCommand.parse(["--model", "lamp", "--silent-for", "2h"]))
    let parts = text.split(separator: "\n\n")
    #expect(parts.count == 3 && parts[0].hasPrefix("MODEL  MCU   VERSION  PUBLISHED  RUNNING  OFFERED"))
    #expect(
      parts.dropFirst().joined(separator: "\n\n") == """
        MODEL  THINGS  ACTIVE  RETIRED  SEEN IN 1H  SEEN IN 1D  SILENT
        lamp        9       8        1           5           7       2

        MODEL  MCU   RUNS          THINGS
        lamp   main  1.0.0              3
        lamp   main  (never said)       4
        lamp   main  (others)           1

        """)
    #expect(server.requests == ["GET /api/v1/status?model=lamp", "GET /api/v1/fleet?model=lamp&silentFor=7200"])
  }

  @Test func `status for programs keeps what it had, with the fleet beside it and null for what was never said`() async throws {
    let server = AnsweringServer([try .shape(Self.status), try .shape(Self.fleet)])
    let text = try await server.output(of: try StatusCommand.parse(["--json"]))
    let firmwares = try OutputRendering.json(Self.status).dropFirst().dropLast()
    #expect(text.contains(firmwares) && text.contains(#"{"things":4,"version":null}"#), "\(text)")
  }
}
