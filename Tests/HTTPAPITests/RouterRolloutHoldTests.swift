import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("What holds a thing back") struct RouterRolloutHoldTests {
  /// Expects that a thing in mid-download is held with a reason, and is not told of the update meanwhile.
  private static func expectHold(
    _ reason: OfferReason, of thing: PlayedThing, _ id: String, _ world: RolloutWorld,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let held = try await world.fetch(thing, "2", "50-")
    held.expectThingError(503, reason.explanation, sourceLocation: sourceLocation)
    let seconds = held.headers[.retryAfter].flatMap(Int.init) ?? 0
    #expect((5...60).contains(seconds), sourceLocation: sourceLocation)
    #expect(try await world.poll(thing) == [], sourceLocation: sourceLocation)
    #expect(try await world.reason(thing) == reason, sourceLocation: sourceLocation)
    let stage = DocumentedJourney.entries(try await world.show(id), "stages")[0]
    #expect(stage["waiting"]?.json == "{\"\(reason.rawValue)\":1}", sourceLocation: sourceLocation)
    #expect(try await world.counts(id) == ["waiting": 1], sourceLocation: sourceLocation)
  }

  /// Expects that a thing goes on where it was, up to the end.
  private static func expectRest(of thing: PlayedThing, _ id: String, _ world: RolloutWorld) async throws {
    let rest = try await world.fetch(thing, "2", "50-")
    #expect(rest.status == 206 && rest.bytes == Array(imageBytes(RolloutWorld.imageSize, seed: 2)[50...]))
    try await world.report(thing, "installed")
    try await world.boot(thing, into: "2")
    #expect(try await world.counts(id) == ["confirmed": 1])
    try await world.advance()
    #expect(try await world.state(id) == "finished")
  }

  @Test(arguments: Door.allCases, [true, false])
  func `is a pause, also in mid-download, and it goes on where it was`(door: Door, polls: Bool) async throws {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing()
      let id = try await world.begin()
      #expect(try await world.poll(thing) == ["2"])
      #expect(try await world.fetch(thing, "2", "0-49").status == 206)
      try await world.act("pause", id)
      #expect(try await world.show(id)["needs"]?.text == "resume")
      try await Self.expectHold(.paused, of: thing, id, world)
      try await world.act("resume", id)
      if polls { #expect(try await world.poll(thing) == ["2"]) }
      try await Self.expectRest(of: thing, id, world)
    }
  }

  @Test(arguments: Door.allCases) func `is no longer there once the rollout is cancelled`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing()
      let id = try await world.begin()
      #expect(try await world.poll(thing) == ["2"])
      #expect(try await world.fetch(thing, "2", "0-49").status == 206)
      try await world.act("cancel", id)
      try await world.fetch(thing, "2", "50-").expectThingError(404, "firmware not found")
      #expect(try await world.poll(thing) == [])
      #expect(try await world.reason(thing) == .nothingPublished)
    }
  }

  @Test(arguments: Door.allCases) func `is a gate that closes, until it opens`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing(values: #"{"key":"busy","value":false}"#)
      let id = try await world.begin(#""gate":"resource.busy==false and age.busy<1h""#)
      #expect(try await world.poll(thing) == ["2"])
      #expect(try await world.fetch(thing, "2", "0-49").status == 206)
      world.pass(seconds: 1)
      try await world.write(thing, #"{"key":"busy","value":true}"#)
      try await Self.expectHold(.gateClosed, of: thing, id, world)
      world.pass(seconds: 1)
      try await world.write(thing, #"{"key":"busy","value":false}"#)
      #expect(try await world.poll(thing) == ["2"])
      // It closes by the passing of time alone, too.
      world.pass(seconds: 3601)
      try await Self.expectHold(.gateClosed, of: thing, id, world)
      try await world.write(thing, #"{"key":"busy","value":false}"#)
      try await Self.expectRest(of: thing, id, world)
    }
  }

  /// The clock stands at Sunday, 15:06:40 UTC.
  @Test(arguments: ["Sun 15:00-15:10", "17:00-17:10 +02:00", "Sat,Sun 17:00-17:10 Europe/Berlin", "15:06-15:10 UTC"])
  func `is an hour outside the window, until the next one`(window: String) async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin(#""windows":["\#(window)"]"#)
      #expect(try await world.poll(thing) == ["2"])
      #expect(try await world.fetch(thing, "2", "0-49").status == 206)
      world.pass(seconds: 300)
      try await Self.expectHold(.outsideWindow, of: thing, id, world)
      world.pass(seconds: 7 * 86_400 - 240)
      try await Self.expectRest(of: thing, id, world)
    }
  }

  @Test(arguments: [true, false]) func `is an owner or a thing that has not agreed`(byOwner: Bool) async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let owner = try await world.test.user()
      let link = try await world.front.ask(.post, "/v2/me/things", as: owner, #"{"thingToken":"\#(thing.token)"}"#)
      #expect(link.status == 200)
      let other = try await world.test.user("bob@example.com")
      let id = try await world.begin(#""consent":true"#)
      @Sendable func consent(_ value: String) async throws -> Answer {
        byOwner
          ? try await world.front.ask(
            .post, "/v2/me/resources/$consent/\(thing.id)", as: owner, #"{"values":[{"value":\#(value)}]}"#)
          : try await world.front.post(
            "/v2/things/\(thing.token)", #"{"values":[{"key":"$consent","value":\#(value)}]}"#)
      }
      #expect(try await world.poll(thing) == [])
      #expect(try await world.reason(thing) == .consentMissing)
      // Somebody else's word is nobody's.
      let stranger = try await world.front.ask(
        .post, "/v2/me/resources/$consent/\(thing.id)", as: other, #"{"values":[{"value":{"allow":true}}]}"#)
      #expect(stranger.status == 404 || stranger.status == 403)
      #expect(try await world.poll(thing) == [])
      for wrong in ["true", "{}", #"{"allow":1}"#, #"{"allow":true,"rollout":7}"#, #"{"allow":true,"rollout":"none"}"#] {
        #expect(try await consent(wrong).status == 400, "\(wrong)")
      }
      #expect(try await world.poll(thing) == [])
      #expect(try await consent(#"{"allow":true,"rollout":"\#(id)"}"#).status == 201)
      #expect(try await world.poll(thing) == ["2"])
      #expect(try await world.fetch(thing, "2", "0-49").status == 206)
      #expect(try await consent(#"{"allow":false}"#).status == 201)
      try await Self.expectHold(.consentMissing, of: thing, id, world)
      #expect(try await consent(#"{"allow":true}"#).status == 201)
      try await Self.expectRest(of: thing, id, world)
    }
  }

  @Test func `agreed to is remembered by the store, and asked for no other rollout`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin(#""consent":true"#)
      try await world.write(thing, #"{"key":"$consent","value":{"allow":true}}"#)
      try await world.act("cancel", id)
      let next = try await world.begin(#""consent":true,"version":"3""#)
      #expect(try await world.poll(thing) == [])
      #expect(try await world.reason(thing) == .consentMissing)
      try await world.write(thing, #"{"key":"$consent","value":{"allow":true,"rollout":"\#(next)"}}"#)
      #expect(try await world.poll(thing) == ["3"])
    }
  }

  /// The word of a thing that has not been asked yet counts for the stage that its tags put it in, and for nothing where it is
  /// not in the target.
  @Test(arguments: Door.allCases)
  func `agreed to before the first poll counts for the right stage`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let id = try await world.begin(#""consent":true,"stages":["tag:canary","100%"],"target":"tag==canary""#)
      let (canary, stranger) = (try await world.thing(running: nil, tags: ["canary"]), try await world.thing(running: nil))
      for thing in [canary, stranger] { try await world.write(thing, #"{"key":"$consent","value":{"allow":true}}"#) }
      let stages = DocumentedJourney.entries(try await world.show(id), "stages").map { $0["things"] }
      #expect(stages == [.integer(1), .integer(0)])
      #expect(try await world.poll(canary) == ["2"])
      #expect(try await world.poll(stranger) == [])
    }
  }

  @Test func `is a minute in which as many have begun as may`() async throws {
    try await RolloutWorld.play { world in
      let things = try await world.things(3)
      let id = try await world.begin(#""rate":1"#)
      #expect(try await world.poll(things[0]) == ["2"])
      #expect(try await world.poll(things[1]) == [])
      #expect(try await world.reason(things[1]) == .rateLimited)
      try await world.fetch(things[1]).expectThingError(503, OfferReason.rateLimited.explanation)
      #expect(try await world.poll(things[0]) == ["2"], "who has begun goes on")
      #expect(try await world.counts(id) == ["offered": 1, "waiting": 2])
      world.pass(seconds: 50)
      #expect(try await world.poll(things[1]) == [])
      world.pass(seconds: 11)
      #expect(try await world.poll(things[1]) == ["2"])
      #expect(try await world.poll(things[2]) == [])
    }
  }

  @Test(arguments: [true, false]) func `is no minute any more once the rate has doubled`(doubles: Bool) async throws {
    try await RolloutWorld.play { world in
      let things = try await world.things(2)
      _ = try await world.begin(#""rate":1"# + (doubles ? #","rateDoublesEvery":1"# : ""))
      try await world.update(things[0])
      try await world.advance()
      #expect(try await world.poll(things[1]) == [])
      world.pass(seconds: 31)
      #expect(try await world.poll(things[1]) == (doubles ? ["2"] : []))
    }
  }

  @Test func `is others that download at the same time`() async throws {
    try await RolloutWorld.play { world in
      let things = try await world.things(3)
      let id = try await world.begin(#""concurrent":2"#)
      #expect(try await world.poll(things[0]) == ["2"])
      #expect(try await world.poll(things[1]) == ["2"])
      #expect(try await world.poll(things[2]) == [])
      #expect(try await world.reason(things[2]) == .tooManyDownloads)
      #expect(try await world.fetch(things[0], "2", "0-49").status == 206)
      try await world.advance()
      #expect(try await world.poll(things[2]) == [], "it still downloads")
      #expect(try await world.fetch(things[0], "2", "50-").status == 206)
      try await world.advance()
      #expect(try await world.counts(id) == ["downloaded": 1, "offered": 1, "waiting": 1])
      #expect(try await world.poll(things[2]) == ["2"])
    }
  }
}
