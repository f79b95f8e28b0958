import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("An agreement by DDI") struct DDIConfirmationTests {
  private static func links(_ state: JSONValue) -> [String] {
    guard case .object(let links)? = state["_links"] else { return [] }
    return links.keys.sorted()
  }

  private static func answer(_ word: String, on action: String, _ device: DDIDevice) async throws -> Answer {
    let body = #"{"confirmation":"\#(word)","code":10,"details":["by hand"]}"#
    return try await device.send(.post, "/confirmationBase/\(action)/feedback", body)
  }

  @Test(arguments: Door.allCases) func `is asked for, given, and then the update is told`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      let id = try await world.begin(#""consent":true"#)
      let link = try await device.links()
      #expect(link.keys.sorted() == ["confirmationBase"])
      let action = try await device.action("confirmationBase") ?? ""
      #expect(Int32(action) != nil)
      #expect(try await device.links() == link)
      let state = try await device.get("/confirmationBase").json()
      #expect(state["autoConfirm"] == .object(["active": .bool(false)]))
      #expect(Self.links(state) == ["activateAutoConfirm", "confirmationBase"])
      #expect(state["_links"]?["confirmationBase"]?["href"]?.text?.hasSuffix(link["confirmationBase"] ?? "-") == true)
      let told = try await device.get(link["confirmationBase"] ?? "").json()
      #expect(told["id"]?.text == action && told["deployment"] == nil)
      let chunks = DocumentedJourney.entries(told["confirmation"] ?? .null, "chunks")
      #expect(chunks.compactMap { $0["version"]?.text } == ["2"])
      // Until it is given, there is nothing else.
      #expect(try await device.get("/deploymentBase/\(action)").status == 404)
      #expect(try await device.report("closed", "success", on: action) == 404)
      #expect(try await device.fetch().status == 503)
      #expect(try await Self.answer("perhaps", on: action, device).status == 400)
      #expect(try await Self.answer("confirmed", on: "99", device).status == 404)
      let denied = try await Self.answer("denied", on: action, device)
      #expect(denied.status == 200 && denied.bytes.isEmpty)
      #expect(try await device.links() == link)
      #expect(try await world.reason(device.thing) == .consentMissing)
      let given = try await Self.answer("confirmed", on: action, device)
      #expect(given.status == 200 && given.bytes.isEmpty)
      #expect(try await device.action() == action)
      let update = try await device.deployment("\(action)?actionHistory=5")
      #expect(update["deployment"]?["update"]?.text == "attempt" && update["deployment"]?["download"]?.text == "attempt")
      #expect(update["actionHistory"]?["messages"]?.json.contains("by hand") == true)
      #expect(try await Self.answer("confirmed", on: action, device).status == 404)
      #expect(try await device.get("/confirmationBase/\(action)").status == 404)
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "success", on: action) == 200)
      let late = try await Self.answer("confirmed", on: action, device)
      #expect(late.status == 410 && late.bytes.isEmpty)
      #expect(try await world.counts(id) == ["installed": 1])
    }
  }

  @Test func `is given by the device itself from when it says so until it says no more`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin(#""consent":true"#)
      let action = try await device.action("confirmationBase") ?? ""
      let body = #"{"initiator":"ada","remark":"always"}"#
      let on = try await device.send(.post, "/confirmationBase/activateAutoConfirm", body)
      #expect(on.status == 200 && on.bytes.isEmpty)
      let again = try await device.send(.post, "/confirmationBase/activateAutoConfirm", body)
      try again.expectDDIError(409, "exists")
      let state = try await device.get("/confirmationBase").json()
      let expected = JSONValue.object([
        "active": .bool(true), "initiator": .string("ada"), "remark": .string("always"),
        "activatedAt": .integer(world.test.clock.now.milliseconds),
      ])
      #expect(state["autoConfirm"] == expected)
      #expect(Self.links(state) == ["deactivateAutoConfirm"])
      #expect(try await device.action() == action)
      #expect(try await world.counts(id) == ["offered": 1])
      let off = try await device.send(.post, "/confirmationBase/deactivateAutoConfirm")
      #expect(off.status == 200 && off.bytes.isEmpty)
      #expect(try await device.action() == action, "what was agreed to stays so")
      #expect(try await device.get("/confirmationBase").json()["autoConfirm"] == .object(["active": .bool(false)]))
      // Without a word of who and why, and off where it is off.
      #expect(try await device.send(.post, "/confirmationBase/deactivateAutoConfirm").status == 200)
      #expect(try await device.send(.post, "/confirmationBase/activateAutoConfirm").status == 200)
      #expect(try await device.get("/confirmationBase").json()["autoConfirm"]?["active"] == .bool(true))
    }
  }

  @Test func `is asked of a device that is not known yet`() async throws {
    try await RolloutWorld.play { world in
      let token = try await world.gatewayToken()
      let device = DDIDevice(world: world, id: "dev-9", authorization: "GatewayToken \(token)")
      let state = try await device.get("/confirmationBase")
      #expect(state.status == 200 && state.headers[.eTag] != nil)
      #expect(try await device.shown()["model"]?.text == "lamp")
    }
  }
}
