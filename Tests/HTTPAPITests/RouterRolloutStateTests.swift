import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("The state of a rollout") struct RouterRolloutStateTests {
  private static let verbs = ["start", "pause", "resume", "cancel", "approve", "revert"]

  /// What each action leads to; where there is nothing, it is refused.
  private static let table: [RolloutState: [String: RolloutState]] = [
    .draft: ["start": .running, "cancel": .cancelled],
    .scheduled: ["start": .running, "cancel": .cancelled],
    .running: ["pause": .paused, "cancel": .cancelled, "revert": .cancelled],
    .paused: ["resume": .running, "cancel": .cancelled, "revert": .cancelled],
    .halted: ["resume": .running, "cancel": .cancelled, "revert": .cancelled],
    .finished: ["pause": .paused, "cancel": .cancelled, "revert": .cancelled],
    // It was running before: what it brought can still be taken back.
    .cancelled: ["revert": .cancelled],
  ]

  /// A rollout in a state, and the thing that it takes for it: one that said what it runs and was offered it, so that there is
  /// something to revert.
  private static func rollout(_ state: RolloutState, _ world: RolloutWorld) async throws -> String {
    switch state {
    case .draft: return try await world.create()
    case .scheduled: return try await world.create(#""startAt":"2026-01-01T00:00:00Z""#)
    case .running:
      let thing = try await world.thing()
      let id = try await world.begin()
      #expect(try await world.poll(thing) == ["2"])
      return id
    case .paused, .cancelled:
      let thing = try await world.thing()
      let id = try await world.begin()
      #expect(try await world.poll(thing) == ["2"])
      try await world.act(state == .paused ? "pause" : "cancel", id)
      return id
    case .finished, .halted:
      let thing = try await world.thing()
      let id = try await world.begin(#""haltAt":"0%""#)
      try await world.poll(thing)
      if state == .halted { try await world.report(thing, "rejected") } else { try await world.update(thing) }
      try await world.advance()
      return id
    }
  }

  @Test(arguments: RolloutState.allCases, verbs)
  func `allows what makes sense in it, and refuses all else without a trace`(state: RolloutState, verb: String) async throws {
    try await RolloutWorld.play { world in
      let id = try await Self.rollout(state, world)
      #expect(try await world.state(id) == state.rawValue)
      let audit = try await world.auditCount()
      let next = Self.table[state]?[verb]
      guard let next else {
        let answer = try await world.front.operate(.post, "/api/v1/rollouts/\(id)/\(verb)")
        try answer.expectProblem(409, "wrong-state")
        #expect(try await world.state(id) == state.rawValue)
        #expect(try await world.auditCount() == audit)
        return
      }
      let answer = try await world.act(verb, id, verb == "revert" ? 201 : 200)
      #expect(answer["state"]?.text == (verb == "revert" ? "running" : next.rawValue))
      #expect(try await world.state(id) == next.rawValue)
      #expect(try await world.auditCount() == audit + 1)
      try await world.test.service.load()
      #expect(try await world.state(id) == next.rawValue)
    }
  }

  @Test func `of a rollout that is not there cannot be changed`() async throws {
    try await RolloutWorld.play { world in
      for verb in Self.verbs {
        try await world.front.operate(.post, "/api/v1/rollouts/none/\(verb)").expectProblem(404, "unknown-rollout")
      }
    }
  }

  @Test func `becomes running at the time that was said, and not before`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.create(#""startAt":"2025-06-15T15:07:40.999Z""#)
      world.pass(seconds: 59)
      try await world.advance()
      #expect(try await world.state(id) == "scheduled")
      #expect(try await world.poll(thing) == [])
      world.pass(seconds: 1)
      try await world.advance()
      #expect(try await world.state(id) == "running")
      #expect(try await world.poll(thing) == ["2"])
    }
  }

  @Test func `changes with a second pair of eyes where the model asks for one`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      #expect(try await world.front.operate(.patch, "/api/v1/models/lamp", #"{"fourEyes":true}"#).status == 200)
      let (_, bob) = try await world.test.admit("bob", .releaser)
      let (_, eve) = try await world.test.admit("eve", .releaser)
      let id = try await world.create(as: eve)
      let path = "/api/v1/rollouts/\(id)"
      #expect(try await world.show(id)["needs"]?.text == "approval")
      for who in [eve, bob] {
        try await world.front.send(.post, path + "/start", as: who).expectProblem(409, "approval-needed")
      }
      try await world.front.send(.post, path + "/approve", as: eve).expectProblem(403, "forbidden")
      #expect(try await world.state(id) == "draft")
      #expect(try await world.poll(thing) == [])
      let approved = try await world.front.send(.post, path + "/approve", as: bob)
      #expect(try approved.json()["approvedBy"]?.text == "bob" && approved.json()["needs"]?.text == "start")
      try await world.front.send(.post, path + "/approve", as: bob).expectProblem(409, "wrong-state")
      #expect(try await world.front.send(.post, path + "/start", as: eve).status == 200)
      try await world.advance()
      try await world.update(thing)

      // What is taken back needs it too, and what was delivered ends at once.
      let revert = try await world.front.send(.post, path + "/revert", as: bob)
      #expect(revert.status == 201)
      let back = try revert.json()["id"]?.text ?? ""
      #expect(try await world.state(id) == "cancelled")
      #expect(try await world.show(back)["needs"]?.text == "approval")
      try await world.advance()
      #expect(try await world.poll(thing) == [])
      try await world.front.send(.post, "/api/v1/rollouts/\(back)/approve", as: bob).expectProblem(403, "forbidden")
      #expect(try await world.front.send(.post, "/api/v1/rollouts/\(back)/approve", as: eve).status == 200)
      #expect(try await world.front.send(.post, "/api/v1/rollouts/\(back)/start", as: bob).status == 200)
      try await world.advance()
      #expect(try await world.poll(thing) == ["1"])
    }
  }

  @Test func `waits for the second pair of eyes also where a time was said`() async throws {
    try await RolloutWorld.play { world in
      #expect(try await world.front.operate(.patch, "/api/v1/models/lamp", #"{"fourEyes":true}"#).status == 200)
      let (_, bob) = try await world.test.admit("bob", .releaser)
      // A rollout that has nothing to do is at its end as soon as it begins.
      _ = try await world.thing()
      let ids = [
        try await world.create(#""startAt":"2025-06-15T15:07:40.999Z""#),
        try await world.create(#""startAt":"2025-06-15T15:07:40.999Z""#),
      ]
      let approved = try await world.front.send(.post, "/api/v1/rollouts/\(ids[0])/approve", as: bob)
      #expect(try approved.json()["state"]?.text == "scheduled")
      world.pass(seconds: 61)
      try await world.advance()
      #expect(try await world.state(ids[0]) == "running")
      #expect(try await world.state(ids[1]) == "draft")
    }
  }
}

extension RolloutWorld {
  func auditCount() async throws -> Int {
    DocumentedJourney.entries(try await front.operate(.get, "/api/v1/audit?limit=1000").json(), "entries").count
  }
}
