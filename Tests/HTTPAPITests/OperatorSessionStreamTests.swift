import Domain
import FirmwareService
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import HTTPAPI

/// Streams of events that a browser has opened, over a real socket.
@Suite("A stream of an operator in a browser", .timeLimit(.minutes(10))) struct OperatorSessionStreamTests {
  private static let end = "event: end\ndata: {\"status\":\"error\",\"message\":\"the session has ended\"}\n\n"

  private static func listen(_ port: Int?, to rollout: String, _ session: BrowserSession) async throws -> WireClient {
    let client = try WireClient(port: port)
    client.get("/api/v1/rollouts/\(rollout)/events", ["Cookie: firmament-session=\(session.cookie)"])
    let head = try await client.read(through: "\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("no-store"), "\(head)")
    #expect(try await client.read(through: "\n\n\r\n") == StreamTests.chunk(": subscribed\n\n"))
    return client
  }

  private static func expectEnd(_ client: WireClient) async throws {
    #expect(String(decoding: try await client.readToEnd(), as: UTF8.self) == StreamTests.chunk(end) + "0\r\n\r\n")
  }

  @Test func `ends with the session or with the token, and no other does`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let rollout = try await test.draft()
    let (id, who) = try await test.admit("bob", .viewer)
    try await test.application().test(.live) { client in
      let (front, port) = (FrontDoor(client: client), client.port)
      let (first, second) = (try await front.openSession(), try await front.openSession())
      let bob = try await front.openSession(String(who[.authorization]!.dropFirst(7)))
      let (ended, kept) = (
        try await Self.listen(port, to: rollout, first), try await Self.listen(port, to: rollout, second)
      )
      let revoked = try await Self.listen(port, to: rollout, bob)
      #expect(try await front.send(.delete, BrowserSession.path, first.changing).status == 204)
      try await Self.expectEnd(ended)
      #expect(try await front.send(.delete, "/api/v1/operators/\(id)", second.changing).status == 200)
      try await Self.expectEnd(revoked)
      let event = try await test.happens(to: rollout)
      let told = StreamTests.chunk(String(decoding: RolloutEventText.serverSent(event), as: UTF8.self))
      #expect(try await kept.read(through: "\n\n\r\n") == told)
      test.clock.advance(seconds: 12 * 3600)
      try await test.service.endExpiredOperatorSessions()
      try await Self.expectEnd(kept)
    }
  }

  @Test func `ends with the time of the session`() async throws {
    let test = try await TestService({ _ in }, service: { $0.operatorSessionSeconds = 1 })
    try await test.createModel()
    let rollout = try await test.draft()
    try await test.application().test(.live) { client in
      let session = try await FrontDoor(client: client).openSession()
      try await Self.expectEnd(try await Self.listen(client.port, to: rollout, session))
    }
  }
}
