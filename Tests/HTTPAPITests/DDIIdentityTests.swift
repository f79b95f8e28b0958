import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("Who comes in by DDI") struct DDIIdentityTests {
  @Test(arguments: Door.allCases) func `is whoever has the gateway token, and is asked what it is until it has said it`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device("new.device-1", running: nil)
      for _ in 1...2 { #expect(try await device.links() == ["configData": "/configData"]) }
      #expect(try await device.tell(#""VIN":"JH4TB2H26CC000000""#) == 200)
      #expect(try await device.links() == [:])
      #expect(try await device.get().text == #"{"config":{"polling":{"sleep":"\#(try await device.sleep())"}}}"#)
      #expect(try await device.shown()["model"]?.text == "lamp")
    }
  }

  @Test(arguments: Door.allCases) func `is whoever has the token of a thing, which bears the name from then on`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let (device, _) = try await world.deviceOfThing()
      let thing = try await world.test.newestThing()
      #expect(try await device.get().status == 200)
      #expect(try await device.shown()["id"]?.text == thing)
      // It has this name alone, and the name is nobody else's.
      let renamed = DDIDevice(world: world, id: "dev-2", authorization: device.authorization)
      #expect(try await renamed.get().status == 401)
      let (other, _) = try await world.deviceOfThing("dev-1")
      #expect(try await other.get().status == 401)
      #expect(try await device.get().status == 200)
    }
  }

  @Test(arguments: Door.allCases) func `that was named by the token of a thing does not come by that of the model`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let gateway = "GatewayToken \(try await world.gatewayToken())"
      let (device, _) = try await world.deviceOfThing("dev-1")
      let thing = try await world.test.newestThing()
      #expect(try await device.get().status == 200)
      let other = DDIDevice(world: world, id: "dev-1", authorization: gateway)
      for _ in 1...2 {
        let answer = try await other.get()
        #expect(answer.status == 401 && answer.bytes.isEmpty)
        #expect(try await other.tell(#""a":"b""#) == 401)
        #expect(try await device.get().status == 200)
      }
      #expect(try await device.shown()["id"]?.text == thing)
      // Its own id can be no other device's name, by whichever token it came first.
      let (own, _) = try await world.deviceOfThing("x")
      let id = try await world.test.newestThing()
      let (_, token) = try await world.deviceOfThing("y")
      let taken = DDIDevice(world: world, id: id, authorization: "TargetToken \(token)")
      #expect(try await taken.get().status == 401)
      for authorization in [own.authorization, gateway] {
        #expect(try await DDIDevice(world: world, id: id, authorization: authorization).get().status == 200)
      }
    }
  }

  @Test func `is nobody else, and is told nothing`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let (other, token) = try await world.deviceOfThing("dev-2")
      #expect(try await other.get().status == 200)
      let gateway = try await world.gatewayToken()
      for credentials in [
        "TargetToken nothing", "GatewayToken nothing", "TargetToken \(gateway)", "GatewayToken \(token)",
        "TargetToken \(token)", "Bearer \(gateway)", "Bearer \(TestService.token)", gateway, "GatewayToken",
        "GatewayToken ", "TargetToken",
        "GatewayToken \(gateway)x", "GatewayToken \(gateway.dropLast())", "",
      ] {
        let answer = try await device.get("", [.authorization: credentials])
        #expect(answer.status == 401 && answer.bytes.isEmpty && answer.length == 0, "\(credentials)")
      }
      for id in ["unknown", String(repeating: "x", count: 257), "%00"] {
        let unknown = try await world.front.get("/DEFAULT/controller/v1/\(id)", [.authorization: "TargetToken nothing"])
        #expect(unknown.status == 401 && unknown.bytes.isEmpty, "\(id)")
      }
      for id in [String(repeating: "x", count: 257), "a%0Ab", "%00"] {
        let bad = try await world.front.get("/DEFAULT/controller/v1/\(id)", [.authorization: device.authorization])
        #expect(bad.status == 401, "\(id)")
      }
      let long = DDIDevice(world: world, id: String(repeating: "x", count: 256), authorization: device.authorization)
      #expect(try await long.get().status == 200)
    }
  }

  @Test func `is told by the bytes of its name, which has so many characters as the catalog counts`() async throws {
    try await RolloutWorld.play { world in
      // Both are é, to whoever reads them.
      let whole = try await world.device("caf%C3%A9", running: nil)
      let parts = try await world.device("cafe%CC%81", running: nil)
      #expect(try await world.test.service.thingCount() == 2)
      let things = [try await whole.shown()["id"]?.text, try await parts.shown()["id"]?.text]
      #expect(things[0] != nil && things[0] != things[1])
      for device in [whole, parts] { #expect(try await device.get().status == 200) }
      let (other, _) = try await world.deviceOfThing("cafe%CC%81")
      #expect(try await other.get().status == 401)
      // One for the eye, 301 for the catalog.
      let marked = "e" + String(repeating: "%CC%81", count: 300)
      let (own, _) = try await world.deviceOfThing(marked)
      for authorization in [whole.authorization, own.authorization] {
        let answer = try await DDIDevice(world: world, id: marked, authorization: authorization).get()
        #expect(answer.status == 401 && answer.bytes.isEmpty, "\(answer.text)")
      }
      let most = "e" + String(repeating: "%CC%81", count: 255)
      #expect(try await DDIDevice(world: world, id: most, authorization: whole.authorization).get().status == 200)
    }
  }

  @Test func `is asked at every address`() async throws {
    try await RolloutWorld.play { world in
      for endpoint in Endpoints.all where endpoint.access == .controllers {
        let path = endpoint.template.replacing("{tenant}", with: "DEFAULT").replacing("{controllerId}", with: "dev-1")
          .replacing("{actionId}", with: "1").replacing("{moduleId}", with: "1").replacing("{fileName}", with: "f")
        for headers: HTTPFields in [[:], [.authorization: "GatewayToken x"]] {
          let answer = try await world.front.send(endpoint.httpMethod, path, headers, body: Array("{}".utf8))
          #expect(answer.status == 401 && answer.bytes.isEmpty && answer.length == 0, "\(endpoint.id)")
        }
      }
    }
  }

  @Test func `may write the scheme and the tenant as it likes`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let token = try await world.gatewayToken()
      let id = try await world.begin()
      let expected = try await device.get()
      #expect(expected.text.contains("/DEFAULT/controller/v1/dev-1/deploymentBase/"))
      for scheme in ["gatewaytoken", "GATEWAYTOKEN", "GatewayToken "] {
        #expect(try await device.get("", [.authorization: "\(scheme) \(token)"]).bytes == expected.bytes, "\(scheme)")
      }
      for tenant in ["default", "Default", "DEFAULT"] {
        var same = device
        same.tenant = tenant
        #expect(try await same.get().bytes == expected.bytes, "\(tenant)")
      }
      var other = device
      other.tenant = "acme"
      let action = try await other.action()
      #expect(try await device.action() == action)
      #expect(try await other.get().text.contains("/acme/controller/v1/dev-1/deploymentBase/"))
      #expect(try await world.counts(id) == ["offered": 1])
    }
  }

  @Test func `waits where the model holds unknown ones, until an operator admits it`() async throws {
    try await RolloutWorld.play { world in
      try await world.set(#"{"deviceDoor":{"unknownThings":"hold"}}"#)
      _ = try await world.begin()
      let device = try await world.device(running: nil)
      #expect(try await device.links() == [:])
      // It may go on as others do, and nothing comes of it.
      #expect(try await device.tell(#""sw_version":"1""#) == 200)
      #expect(try await device.get("/deploymentBase/1").status == 404)
      let waiting = try await world.test.service.listControllers(
        model: nil, waitingOnly: true, PageRequest(limit: 10, after: nil)
      ).entries
      #expect(waiting.map(\.controllerID) == ["dev-1"])
      #expect(try await world.front.operate(.get, "/api/v1/things/dev-1").status == 404)
      _ = try await world.test.service.admitController("dev-1", by: "ada")
      let links = try await device.links()
      #expect(links.keys.sorted() == ["configData", "deploymentBase"])
      #expect(
        try await world.test.service.listControllers(model: nil, waitingOnly: true, PageRequest(limit: 10, after: nil)).entries
          .isEmpty)
    }
  }

  @Test func `is refused where the model refuses unknown ones, but for those that are known`() async throws {
    try await RolloutWorld.play { world in
      let known = try await world.device()
      try await world.set(#"{"deviceDoor":{"unknownThings":"refuse"}}"#)
      let unknown = DDIDevice(world: world, id: "dev-2", authorization: known.authorization)
      #expect(try await unknown.get().status == 401)
      #expect(try await world.front.operate(.get, "/api/v1/things/dev-2").status == 404)
      #expect(try await known.get().status == 200)
    }
  }

  @Test func `is no thing that is retired, by either token`() async throws {
    try await RolloutWorld.play { world in
      let (own, _) = try await world.deviceOfThing("dev-2")
      for device in [try await world.device("dev-1"), own] {
        #expect(try await device.get().status == 200)
        #expect(try await world.front.operate(.post, "/api/v1/things/\(device.id)/retirement").status == 200)
        let answer = try await device.get()
        #expect(answer.status == 401 && answer.bytes.isEmpty)
        #expect(try await device.tell(#""a":"b""#) == 401)
      }
    }
  }

  @Test func `is no device of another model`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      try await world.test.createModel("fan")
      let answer = try await world.front.operate(.post, "/api/v1/models/fan/gateway-token", "{}")
      let foreign = try answer.json()["token"]?.text ?? ""
      #expect(try await device.get("", [.authorization: "GatewayToken \(foreign)"]).status == 401)
      #expect(try await device.get().status == 200)
    }
  }
}

extension DDIDevice {
  /// How long it is told to sleep.
  func sleep() async throws -> String { try await get().json()["config"]?["polling"]?["sleep"]?.text ?? "" }
}
