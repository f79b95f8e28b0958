import APIClient
import APIContract
import ArgumentParser
import Domain
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct RolloutWatchTests {
  /// Watches a rollout with these answers, and gives what was written.
  private func watch(_ form: RolloutWatch.Form, _ answers: [Result<RolloutShape, APIClientError>]) async throws -> [String] {
    let printed = PrintedText()
    var watch = RolloutWatch(form: form, interval: .milliseconds(1), write: printed.add)
    watch.columns = { 1000 }
    watch.now = { Timestamp(milliseconds: 0) }
    var rest = answers[...]
    try await watch.run { try (rest.popFirst() ?? .success(MadeUpRollout.shape(.cancelled))).get() }
    #expect(rest.isEmpty)
    return printed.all
  }

  private let cut = Result<RolloutShape, APIClientError>.failure(APIClientError(.disconnected, "cut"))

  @Test func `without a terminal it is a line at each change, and the end ends it`() async throws {
    let written = try await watch(
      .lines,
      [
        .success(MadeUpRollout.shape()), .success(MadeUpRollout.shape(rate: 7)), .success(MadeUpRollout.shape(confirmed: 91)),
        .success(MadeUpRollout.shape(confirmed: 91, claimed: 2)),
        .success(MadeUpRollout.shape(.halted, confirmed: 91, haltReason: "6% failed")),
      ])
    #expect(
      written == [
        "1970-01-01T00:00:00Z running, stage 2/3: 112 things, 15 waiting, 4 under way, 90 confirmed, 3 failed\n",
        "1970-01-01T00:00:00Z running, stage 2/3: 113 things, 15 waiting, 4 under way, 91 confirmed, 3 failed\n",
        "1970-01-01T00:00:00Z running, stage 2/3: 115 things, 15 waiting, 4 under way, 91 confirmed, 2 claimed, 3 failed\n",
        "1970-01-01T00:00:00Z halted: 6% failed, stage 2/3: 113 things, 15 waiting, 4 under way, 91 confirmed, 3 failed\n",
      ])
  }

  @Test(arguments: [RolloutState.finished, .halted, .cancelled])
  func `it ends with the rollout`(state: RolloutState) async throws {
    #expect(try await watch(.lines, [.success(MadeUpRollout.shape(state))]).count == 1)
  }

  @Test func `a screen is drawn again in its place, and only when it changed`() async throws {
    let (first, last) = (MadeUpRollout.shape(), MadeUpRollout.shape(.finished))
    let written = try await watch(.screen, [.success(first), .success(first), .success(last)])
    let rows = first.text.split(separator: "\n", omittingEmptySubsequences: false).count
    #expect(written == [first.text + "\n", "\r\u{1B}[\(rows)A\u{1B}[J" + last.text + "\n"])
  }

  @Test func `for programs it is a document at each change`() async throws {
    let (first, last) = (MadeUpRollout.shape(), MadeUpRollout.shape(.finished))
    let written = try await watch(.json, [.success(first), .success(first), .success(last)])
    #expect(try written == [OutputRendering.json(first) + "\n", OutputRendering.json(last) + "\n"])
  }

  @Test func `a server that is away for a moment does not end it, and one that stays away does`() async throws {
    let (first, last) = (MadeUpRollout.shape(), MadeUpRollout.shape(.finished))
    #expect(try await watch(.lines, [.success(first), cut, cut, .success(last)]).count == 2)
    await #expect(throws: APIClientError.self) {
      try await watch(.lines, [.success(first)] + Array(repeating: cut, count: RolloutWatch.patience + 1))
    }
    await #expect(throws: APIClientError.self) { try await watch(.lines, [cut]) }
  }

  @Test func `the command watches until the end, and without the flag it looks once`() async throws {
    let running = try AnsweringServer.Answer.shape(MadeUpRollout.shape())
    let server = AnsweringServer([running, try .shape(MadeUpRollout.shape(.finished))])
    let printed = try await server.output(of: try RolloutStatus.parse(["r1", "--watch", "--json", "--interval", "1s"]))
    #expect(printed.split(separator: "\n").count == 2)
    #expect(server.requests == ["GET /api/v1/rollouts/r1", "GET /api/v1/rollouts/r1"])
    let once = AnsweringServer([running])
    #expect(try await once.output(of: try RolloutStatus.parse(["r1"])) == MadeUpRollout.shape().text + "\n")
    #expect(throws: (any Error).self) { try RolloutStatus.parse(["r1", "--interval", "5s"]) }
    #expect(throws: (any Error).self) { try RolloutStatus.parse(["r1", "--watch", "--interval", "0"]) }
  }
}
