import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

extension TestService {
  /// Has a device come by DDI to a model that holds unknown ones.
  func hold(_ controllerID: String, of model: String) async throws {
    _ = try await service.setModel(
      model, fourEyes: nil, pollInterval: nil, deviceDoor: DeviceDoorChange(unknownThings: .hold), by: "ada")
    let token = try await service.gatewayToken(ofModel: model, rotate: false, overlap: nil, by: "ada").token
    _ = try await service.identifyController(controllerID, .gateway(token))
  }
}

@Suite("A device of the DDI door, for its operators") struct RouterControllerTests {
  private static let path = "/api/v1/controllers"

  private static func names(_ answer: Answer) throws -> [String?] {
    DocumentedJourney.entries(try answer.json(), "controllers").map { $0["controllerId"]?.text }
  }

  /// Polls as a device with the gateway token does.
  private static func poll(_ front: FrontDoor, _ name: String, _ test: TestService) async throws -> JSONValue {
    let token = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").token
    let answer = try await front.get("/DEFAULT/controller/v1/\(name)", [.authorization: "GatewayToken \(token)"])
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.json()
  }

  @Test(arguments: Door.allCases) func `waits where its model holds unknown ones, and is a thing once it is admitted`(
    door: Door
  ) async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2", imageBytes(40))
    try await test.hold("a/b", of: "lamp")
    try await test.open(door) { front in
      #expect(try await Self.poll(front, "a%2Fb", test)["_links"] == nil)
      let waiting = try await front.operate(.get, "\(Self.path)?waiting=true")
      #expect(
        waiting.text
          == #"{"controllers":[{"controllerId":"a/b","createdAt":"2025-06-15T15:06:40.999Z","model":"lamp"}],"next":null}"#)
      try await front.operate(.get, "/api/v1/things/a%2Fb").expectProblem(404, "unknown-thing")
      let admitted = try await front.operate(.post, "\(Self.path)/a%2Fb/admission")
      let thing = try admitted.json()["id"]?.text ?? ""
      #expect(try admitted.status == 200 && admitted.json()["controllerId"]?.text == "a/b")
      #expect(try await Self.poll(front, "a%2Fb", test)["_links"]?["deploymentBase"] != nil)
      // Again changes nothing.
      #expect(try await front.operate(.post, "\(Self.path)/a%2Fb/admission").json()["id"]?.text == thing)
      let left = try await front.operate(.get, "\(Self.path)?waiting=true")
      let all = try await front.operate(.get, Self.path).json()
      #expect(try Self.names(left).isEmpty)
      #expect(DocumentedJourney.entries(all, "controllers").map { $0["thing"]?.text } == [thing])
      let audit = try await front.operate(.get, "/api/v1/audit").json()
      let entries = DocumentedJourney.entries(audit, "entries").filter { $0["subject"]?.text == "a/b" }
      #expect(entries.map { $0["action"]?.text } == ["controller.admit"] && entries[0]["after"]?["thing"]?.text == thing)
    }
    #expect(try await test.service.thingCount() == 1)
  }

  @Test func `that is refused is forgotten, and waits again when it comes again`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.hold("dev", of: "lamp")
    try await test.open(.router) { front in
      let refused = try await front.operate(.delete, "\(Self.path)/dev")
      #expect(try refused.status == 200 && refused.json()["controllerId"]?.text == "dev")
      #expect(try await Self.names(front.operate(.get, Self.path)).isEmpty)
      try await front.operate(.delete, "\(Self.path)/dev").expectProblem(404, "unknown-thing")
      try await front.operate(.post, "\(Self.path)/dev/admission").expectProblem(404, "unknown-thing")
      _ = try await Self.poll(front, "dev", test)
      #expect(try await Self.names(front.operate(.get, "\(Self.path)?waiting=true")) == ["dev"])
    }
  }

  @Test func `that is refused loses its name alone where it is a thing, and what it was told of is cancelled`() async throws {
    try await RolloutWorld.play { world in
      _ = try await world.begin()
      let (squatter, token) = try await world.deviceOfThing("dev-9")
      #expect(try await squatter.tell(#""sw_version":"1""#) == 200)
      let action = try #require(try await squatter.action())
      let thing = try await world.test.newestThing()
      // What was taken by a thing's token is no door for the devices of the model.
      let gateway = "GatewayToken \(try await world.gatewayToken())"
      let owner = DDIDevice(world: world, id: "dev-9", authorization: gateway)
      let kept = try await owner.get()
      #expect(kept.status == 401 && kept.bytes.isEmpty)
      let refused = try await world.front.operate(.delete, "\(Self.path)/dev-9")
      #expect(try refused.status == 200 && refused.json()["thing"]?.text == thing, "\(refused.text)")
      let shown = try await world.front.operate(.get, "/api/v1/things/\(thing)").json()
      #expect(shown["id"]?.text == thing && shown["controllerId"] == nil)
      let ended = try await world.test.catalog.action(try #require(Int64(action)))
      #expect(ended?.outcome == .cancelled && ended?.closedAt == world.test.clock.now)
      let audit = try await world.front.operate(.get, "/api/v1/audit?limit=1").json()
      let entry = try #require(DocumentedJourney.entries(audit, "entries").first)
      #expect(entry["action"]?.text == "controller.refuse" && entry["subject"]?.text == "dev-9")
      #expect(entry["before"]?["thing"]?.text == thing && entry["before"]?["boundBy"]?.text == "target")
      #expect(entry["before"]?["actions"]?.text == "1" && entry["after"]?["state"]?.text == "refused")
      // The name is whoever's comes first now, and no longer that thing's; the thing takes another.
      #expect(try await owner.get().status == 200)
      let own = try await world.front.operate(.get, "/api/v1/things/dev-9").json()["id"]?.text
      #expect(own != nil && own != thing)
      #expect(try await squatter.get().status == 401)
      let renamed = DDIDevice(world: world, id: "dev-8", authorization: "TargetToken \(token)")
      let next = try #require(try await renamed.action())
      #expect(next != action)
      try await world.front.operate(.delete, "\(Self.path)/none").expectProblem(404, "unknown-thing")
    }
  }

  @Test(arguments: Door.allCases) func `that is reset is asked anew, agrees to nothing by itself, and is told anew`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      #expect(try await device.tell(#""hw":"a""#) == 200)
      let auto = try await device.send(.post, "/confirmationBase/activateAutoConfirm", "{}")
      #expect(auto.status == 200, "\(auto.text)")
      _ = try await world.begin()
      let action = try #require(try await device.action())
      let before = try await device.links()
      #expect(before["configData"] == nil)
      #expect(try await world.front.operate(.post, "/api/v1/things/dev-1/reset").status == 200)
      let links = try await device.links()
      #expect(links["configData"] == "/configData")
      let next = try #require(try await device.action())
      #expect(next != action, "\(links)")
      let ended = try await world.test.catalog.action(try #require(Int64(action)))
      #expect(ended?.outcome == .cancelled && ended?.closedAt == world.test.clock.now)
      let attributes = try await world.test.catalog.attributes(ofController: "dev-1")
      #expect(attributes.isEmpty)
      #expect(try await device.get("/confirmationBase").json()["autoConfirm"]?["active"] == .bool(false))
    }
  }

  @Test func `is listed by name, in pages, and of the models that a token is for`() async throws {
    let test = try await TestService()
    for model in ["lamp", "fan"] { try await test.createModel(model) }
    for name in ["c", "a", "b"] { try await test.hold(name, of: "lamp") }
    try await test.hold("bb", of: "fan")
    let scoped = try await test.admit("lina", .administrator, models: ["lamp"]).header
    let releaser = try await test.admit("rita", .releaser).header
    try await test.open(.router) { front in
      let first = try await front.operate(.get, "\(Self.path)?waiting=true&limit=2")
      let next = try first.json()["next"]?.text ?? ""
      #expect(try Self.names(first) == ["a", "b"] && next == "b")
      let rest = try await front.operate(.get, "\(Self.path)?waiting=true&after=\(next)")
      #expect(try Self.names(rest) == ["bb", "c"])
      #expect(try await Self.names(front.operate(.get, "\(Self.path)?model=fan")) == ["bb"])
      #expect(try await Self.names(front.send(.get, Self.path, as: scoped)) == ["a", "b", "c"])
      for (method, path) in [(HTTPRequest.Method.post, "bb/admission"), (.delete, "bb")] {
        try await front.send(method, "\(Self.path)/\(path)", as: scoped).expectProblem(403, "forbidden")
        try await front.send(method, "\(Self.path)/\(path)", as: releaser).expectProblem(403, "forbidden")
      }
      #expect(try await Self.names(front.send(.get, Self.path, as: releaser)) == ["a", "b", "bb", "c"])
      #expect(try await front.send(.post, "\(Self.path)/a/admission", as: scoped).status == 200)
      #expect(try await front.send(.delete, "\(Self.path)/b", as: scoped).status == 200)
    }
  }

  @Test func `is found by its name wherever operators name a thing, and what they did is told of the thing`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let id = try await test.newestThing()
    _ = try await test.service.identifyController("dev", .target(token))
    _ = try await test.activate()
    try await test.open(.router) { front in
      for name in [id, "dev"] {
        let shown = try await front.operate(.get, "/api/v1/things/\(name)").json()
        #expect(shown["id"]?.text == id && shown["controllerId"]?.text == "dev")
        let explained = try await front.operate(.get, "/api/v1/things/\(name)/explain").json()
        #expect(explained["thing"]?.text == id)
        let secret = try await front.operate(.get, "/api/v1/things/\(name)/token").json()
        #expect(secret["token"]?.text == token && secret["id"]?.text == id)
      }
      let list = try await front.operate(.get, "/api/v1/things").json()
      #expect(DocumentedJourney.entries(list, "things").map { $0["controllerId"]?.text } == [nil, "dev"])
      for action in ["retry", "reset", "retirement"] {
        let answer = try await front.operate(.post, "/api/v1/things/dev/\(action)")
        #expect(try answer.status == 200 && answer.json()["id"]?.text == id, "\(answer.text)")
        let audit = try await front.operate(.get, "/api/v1/audit?limit=1").json()
        #expect(DocumentedJourney.entries(audit, "entries").first?["subject"]?.text == id)
      }
    }
  }

  @Test func `is asked of all its MCUs at once, as at its door, and has its part in a rollout`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let things = try await world.things(2)
      _ = try await world.test.service.identifyController("dev", .target(things[0].token))
      let rollout = try await world.begin()
      let path = "/DEFAULT/controller/v1/dev"
      let poll = try await world.front.get(path, [.authorization: "TargetToken \(things[0].token)"])
      #expect(try poll.json()["_links"]?["deploymentBase"] != nil, "\(poll.text)")
      _ = try await world.poll(things[1])
      // A thing of the other door gets one MCU after another.
      for (thing, radio) in [("dev", "offered"), (things[1].id, "awaitingOtherMCU")] {
        let explained = try await world.front.operate(.get, "/api/v1/things/\(thing)/explain").json()
        let shown = try await world.front.operate(.get, "/api/v1/things/\(thing)").json()
        for mcus in [explained["mcus"], shown["mcus"]] {
          guard case .array(let mcus)? = mcus else { throw CancellationError() }
          #expect(mcus.map { $0["reason"]?.text } == ["offered", radio], "\(mcus)")
        }
      }
      try await world.advance()
      let answer = try await world.front.operate(.get, "/api/v1/rollouts/\(rollout)/things?state=offered").json()
      let named = DocumentedJourney.entries(answer, "things").compactMap { $0["thing"]?.text }
      #expect(Set(named) == Set(things.map(\.id)))
      try await world.front.operate(.get, "/api/v1/things/none/explain").expectProblem(404, "unknown-thing")
    }
  }
}
