import Domain
import FirmwareService
import Foundation
import HTTPTypes
import HummingbirdTesting
import LiveChannels
import Testing

@testable import Catalog
@testable import HTTPAPI

extension TestService {
  /// What the verbs of rollouts do: the event in the transaction of the change, and told in the order of the commits.
  @discardableResult
  func happens(
    _ kind: RolloutEvent.Kind = .stageOpened, to rollout: String, _ details: [String: String] = [:]
  ) async throws -> RolloutEvent {
    let event = RolloutEvent(rolloutID: rollout, model: "lamp", at: clock.now, kind: kind, details: details)
    return try await catalog.write({ try Catalog.insert(event, $0) }, committed: { [service] in service.tell([$0]) })
  }

  /// Creates a rollout of a model's firmware, which is registered where there is none.
  func draft(_ model: String = "lamp", by actor: String = "ada") async throws -> String {
    let known = try service.listFirmwares(model: model, mcu: nil, PageRequest(limit: 1, after: nil)).entries.first
    var firmware = known?.publicID ?? ""
    if known == nil { firmware = try await release("9", imageBytes(20), model: model, publish: false).publicID }
    let order = RolloutOrder(
      model: model, firmwares: [firmware], version: nil, stages: [.share(RolloutShare.whole)], plan: RolloutPlan())
    return try await service.createRollout(order, by: actor).publicID
  }
}

/// What happens to a rollout, over a real socket.
@Suite(.timeLimit(.minutes(10))) struct RolloutStreamTests {
  private static func path(_ rollout: String) -> String { "/api/v1/rollouts/\(rollout)/events" }

  private static func serve(
    limits: ConnectionLimits = .patient,
    _ body: @escaping @Sendable (_ test: TestService, _ rollout: String, _ port: Int?) async throws -> Void
  ) async throws {
    let test = try await TestService(limits: limits)
    try await test.createModel()
    let rollout = try await test.draft()
    try await test.application().test(.live) { client in try await body(test, rollout, client.port) }
  }

  /// Returns when the subscription has begun.
  private static func listen(
    _ port: Int?, to rollout: String, _ headers: [String] = [], query: String = "", token: String = TestService.token,
    receiveBuffer: Int32? = nil
  ) async throws -> WireClient {
    let client = try WireClient(port: port, receiveBuffer: receiveBuffer)
    client.get(path(rollout) + query, ["Authorization: Bearer \(token)"] + headers)
    let head = try await client.read(through: "\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("text/event-stream"), "\(head)")
    #expect(try await client.read(through: "\n\n\r\n") == StreamTests.chunk(": subscribed\n\n"))
    return client
  }

  /// The next event; a machine that is busy may be silent for so long that comments come between.
  private static func next(_ client: WireClient) async throws -> String {
    while true {
      let size = try await client.read(through: "\r\n")
      let bytes = try await client.read((Int(size.dropLast(1), radix: 16) ?? 0) + 2)
      let text = String(decoding: bytes.dropLast(2), as: UTF8.self)
      if !text.hasPrefix(":") { return text }
    }
  }

  private static func text(_ event: RolloutEvent) -> String {
    String(decoding: RolloutEventText.serverSent(event), as: UTF8.self)
  }

  @Test func whatHappensComesWithItsNumberAndKind() async throws {
    try await Self.serve { test, rollout, port in
      try await test.happens(.paused, to: rollout)
      let client = try await Self.listen(port, to: rollout)
      try await test.happens(.started, to: "another")
      let event = try await test.happens(.halted, to: rollout, ["failed": "3"])
      #expect(
        try await Self.next(client) == """
          id: \(event.id)
          event: halted
          data: {"id":\(event.id),"event":"halted","rollout":"\(rollout)","model":"lamp","at":"\(event.at.iso8601)","details":{"failed":"3"}}


          """)
      test.service.tell([
        RolloutEvent(rolloutID: rollout, model: "lamp", at: test.clock.now, kind: .progressed, details: ["confirmed": "7"])
      ])
      let progress = try await Self.next(client)
      #expect(progress.hasPrefix("event: progressed\ndata: {\"id\":0,") && progress.hasSuffix("}\n\n"))
      // Told once more, it does not come again.
      test.service.tell([event])
      let last = try await test.happens(.resumed, to: rollout)
      #expect(try await Self.next(client) == Self.text(last))
    }
  }

  @Test(arguments: [("Last-Event-ID", ""), ("", "?after="), ("Last-Event-ID", "?after=0&x=")])
  func whatIsStoredComesFirst(header: String, query: String) async throws {
    try await Self.serve { test, rollout, port in
      var events: [RolloutEvent] = []
      for number in 0..<250 { events.append(try await test.happens(.stageOpened, to: rollout, ["stage": "\(number)"])) }
      let known = "\(events[19].id)"
      // Where both are given, the header counts.
      let client = try await Self.listen(
        port, to: rollout, header.isEmpty ? [] : ["\(header): \(known)"], query: query.isEmpty ? "" : query + known)
      for event in events[20...] { #expect(try await Self.next(client) == Self.text(event)) }
      let last = try await test.happens(to: rollout)
      #expect(try await Self.next(client) == Self.text(last))
    }
  }

  @Test func thereIsNoGapAndNothingTwiceWhileMuchHappens() async throws {
    try await Self.serve { test, rollout, port in
      let count = 400
      async let writing: Void = withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<4 {
          group.addTask {
            for number in 0..<count / 4 { try await test.happens(.stageOpened, to: rollout, ["n": "\(writer).\(number)"]) }
          }
        }
        try await group.waitForAll()
      }
      var clients: [WireClient] = []
      for _ in 0..<5 { clients.append(try await Self.listen(port, to: rollout, ["Last-Event-ID: 0"])) }
      try await writing
      let events = try await test.service.rolloutEvents(of: rollout, after: 0, limit: 1000)
      #expect(events.count == count + 1, "and that it was created")
      for client in clients {
        for event in events { #expect(try await Self.next(client) == Self.text(event)) }
      }
    }
  }

  @Test func aSlowReaderIsLateAndLosesNothing() async throws {
    try await Self.serve { test, rollout, port in
      let slow = try await Self.listen(port, to: rollout, receiveBuffer: 4096)
      let quick = try await Self.listen(port, to: rollout)
      // Far more than the system holds for a client that does not read.
      var events: [RolloutEvent] = []
      for number in 0..<150 {
        events.append(try await test.happens(.stageOpened, to: rollout, ["\(number)": String(repeating: "x", count: 100_000)]))
        test.service.tell([
          RolloutEvent(rolloutID: rollout, model: "lamp", at: test.clock.now, kind: .progressed, details: ["n": "\(number)"])
        ])
        #expect(try await Self.next(quick) == Self.text(events[number]))
        #expect(try await Self.next(quick).contains("{\"n\":\"\(number)\"}"))
      }
      var told = ""
      for event in events {
        var text = try await Self.next(slow)
        while text.hasPrefix("event: progressed") {
          told = text
          text = try await Self.next(slow)
        }
        #expect(text == Self.text(event))
      }
      // Of what is not stored, it gets the newest at least.
      if !told.contains("{\"n\":\"149\"}") { told = try await Self.next(slow) }
      #expect(told.contains("{\"n\":\"149\"}"))
    }
  }

  @Test(arguments: ["x", "-1", "1.5", "1x", "99999999999999999999", "٣"])
  func aNumberThatIsNoneIs400(text: String) async throws {
    let test = try await TestService()
    try await test.createModel()
    let rollout = try await test.draft()
    try await test.open(.socket) { door in
      try await door.operate(.get, Self.path(rollout), nil, [.lastEventID: text]).expectProblem(400, "malformed")
      let encoded = text == "٣" ? "%D9%A3" : text
      try await door.operate(.get, Self.path(rollout) + "?after=\(encoded)").expectProblem(400, "malformed")
    }
  }

  private static let end = "event: end\ndata: {\"status\":\"error\",\"message\":\"the token has ended\"}\n\n"

  @Test func onlyOperatorsListenAndNoLongerThanTheirTokenLives() async throws {
    try await Self.serve { test, rollout, port in
      let stranger = try WireClient(port: port)
      stranger.get(Self.path(rollout))
      #expect(try await stranger.read(through: "\r\n").hasPrefix("HTTP/1.1 401"))
      let client = try await Self.listen(port, to: rollout)
      // The folder's token is replaced by another one.
      try await test.service.admitOperator(token: "another-token-of-ada", name: "ada")
      #expect(String(decoding: try await client.readToEnd(), as: UTF8.self) == StreamTests.chunk(Self.end) + "0\r\n\r\n")
      let late = try WireClient(port: port)
      late.get(Self.path(rollout), ["Authorization: Bearer \(TestService.token)"])
      #expect(try await late.read(through: "\r\n").hasPrefix("HTTP/1.1 401"))
    }
  }

  @Test func aStreamEndsWhenItsTokenIsRevokedAndNoOtherDoes() async throws {
    try await Self.serve { test, rollout, port in
      let (id, bob) = try await test.admit("bob", .viewer)
      let token = String(bob[.authorization]?.dropFirst(7) ?? "")
      let (revoked, kept) = (
        try await Self.listen(port, to: rollout, token: token), try await Self.listen(port, to: rollout)
      )
      let door = try WireClient(port: port)
      door.send(
        "DELETE /api/v1/operators/\(id) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(TestService.token)\r\n\r\n")
      #expect(try await door.read(through: "\r\n").hasPrefix("HTTP/1.1 200"))
      #expect(String(decoding: try await revoked.readToEnd(), as: UTF8.self) == StreamTests.chunk(Self.end) + "0\r\n\r\n")
      let event = try await test.happens(to: rollout)
      #expect(try await Self.next(kept) == Self.text(event))
    }
  }

  @Test func aStreamEndsWithTheTimeOfItsToken() async throws {
    try await Self.serve { test, rollout, port in
      let (_, bob) = try await test.admit("bob", .viewer, expiresIn: 1)
      let client = try await Self.listen(port, to: rollout, token: String(bob[.authorization]?.dropFirst(7) ?? ""))
      #expect(String(decoding: try await client.readToEnd(), as: UTF8.self) == StreamTests.chunk(Self.end) + "0\r\n\r\n")
    }
  }

  @Test func aTokenForOtherModelsDoesNotListenAndOneForThisModelDoes() async throws {
    try await Self.serve { test, rollout, port in
      try await test.createModel("fan")
      for (model, status) in [("fan", "403"), ("lamp", "200")] {
        let (_, who) = try await test.admit(model, .administrator, models: [model])
        let client = try WireClient(port: port)
        client.get(Self.path(rollout), ["Authorization: \(who[.authorization] ?? "")"])
        #expect(try await client.read(through: "\r\n").hasPrefix("HTTP/1.1 \(status)"), "\(model)")
      }
    }
  }

  @Test func aClientThatLeavesIsForgotten() async throws {
    try await Self.serve { test, rollout, port in
      let client = try await Self.listen(port, to: rollout)
      #expect(test.service.live.subscriptionCount == 1 && test.service.live.hasSubscribers(to: .rollout(rollout)))
      client.close()
      let end = ContinuousClock.now + .seconds(120)
      while test.service.live.subscriptionCount > 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
      #expect(!test.service.live.hasSubscribers(to: .rollout(rollout)))
    }
  }
}
