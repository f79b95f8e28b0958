import APIContract
import ArgumentParser
import Domain
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct ThingHistoryCommandTests {
  private let time = Timestamp(milliseconds: 1_750_000_000_000)

  @Test func `a history is a table, with nothing of a device reaching the terminal`() async throws {
    let list = ThingHistoryList(
      entries: [
        ThingEventShape(
          at: time, kind: .state, mcu: "main", version: "2.0", state: .failed, rollout: "r1", code: "E1",
          message: "no\u{1B}[2J"),
        ThingEventShape(at: time, kind: .created),
      ], next: PageCursor(nil))
    let server = AnsweringServer([try .shape(list)])
    let text = try await server.output(of: try ThingHistoryListing.parse(["t1", "--limit", "7"]))
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").dropFirst(0).joined(separator: " ") }
    #expect(lines.count == 3 && lines[0] == "AT WHAT MCU VERSION STATE ROLLOUT WHY")
    #expect(lines[1].hasSuffix("state main 2.0 failed r1 E1: no?[2J") && lines[2].hasSuffix("created - - - - -"))
    #expect(server.requests == ["GET /api/v1/things/t1/history?limit=7"])
  }

  @Test func `values are asked for all resources, or for one with its range`() async throws {
    let newest = NewestValueList(resources: [NewestValueShape(key: "battery", value: .integer(31), datetime: time)])
    let all = AnsweringServer([try .shape(newest)])
    #expect(try await all.output(of: try ThingValues.parse(["t1"])).contains("battery     31"))
    #expect(all.requests == ["GET /api/v1/things/t1/resources"])
    let values = DatedValueList(key: "$a/b", values: [DatedValueShape(value: .string("x"), datetime: time)])
    let one = AnsweringServer([try .shape(values)])
    let arguments = ["t1", "$a/b", "--from", "2026-12-01T22:00:00Z", "--limit", "5"]
    #expect(try await one.output(of: try ThingValues.parse(arguments)).contains("\"x\""))
    #expect(one.requests.first?.hasPrefix("GET /api/v1/things/t1/resources/%24a%2Fb?from=2026-12-01T22:00:00.000Z") == true)
    for wrong in [["t1", "--limit", "5"], ["t1", "k", "--limit", "101"], ["t1", "k", "--from", "now"], []] {
      #expect(throws: (any Error).self) { try ThingValues.parse(wrong) }
    }
  }

  @Test func `the audit log is asked for what is named and nothing else`() async throws {
    let server = AnsweringServer([try .shape(AuditList(entries: [], next: PageCursor(nil)))])
    let arguments = ["--subject", "t 1", "--actor", "ada", "--action", "thing.retire", "--limit", "3"]
    _ = try await server.output(of: try AuditListing.parse(arguments))
    _ = try await server.output(of: try AuditListing.parse(["--limit", "3"]))
    #expect(server.requests.first?.contains("subject=t%201&actor=ada&action=thing.retire") == true)
    #expect(server.requests.last == "GET /api/v1/audit?limit=3")
  }
}
