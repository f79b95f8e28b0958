import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("What a device of DDI says of itself") struct DDIAttributeTests {
  /// The values of a resource of a thing, newest first; nil where it has none.
  private static func values(_ key: String, _ token: String, _ world: RolloutWorld) async throws -> String? {
    let answer = try await world.front.get("/v2/things/\(token)/resources/\(key)?limit=100")
    guard answer.status == 200, case .array(let values) = try answer.json() else { return nil }
    return values.compactMap { $0["value"]?.json }.joined(separator: " ")
  }

  @Test(arguments: Door.allCases) func `becomes resources of its thing, as the mode says`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let (device, token) = try await world.deviceOfThing()
      #expect(try await device.get().status == 200)
      @Sendable func expect(_ a: String?, _ b: String?, _ line: Int = #line) async throws {
        #expect(try await Self.values("a", token, world) == a, "line \(line)")
        #expect(try await Self.values("b", token, world) == b, "line \(line)")
        world.pass(seconds: 1)
      }
      #expect(try await device.tell(#""a":"1","b":"x""#) == 200)
      try await expect(#""1""#, #""x""#)
      // What is known already is no news.
      #expect(try await device.tell(#""a":"2","b":"x""#, mode: "merge") == 200)
      try await expect(#""2" "1""#, #""x""#)
      #expect(try await device.tell(#""a":"2""#, mode: "replace") == 200)
      try await expect(#""2" "1""#, #"null "x""#)
      #expect(try await device.tell(#""b":"y""#) == 200)
      #expect(try await device.tell(#""a":null"#) == 200)
      try await expect(#"null "2" "1""#, #""y" null "x""#)
      #expect(try await device.tell(#""b":"whatever","c":"x""#, mode: "remove") == 200)
      try await expect(#"null "2" "1""#, #"null "y" null "x""#)
      #expect(try await Self.values("c", token, world) == nil)
      // Of another form, as clients send them, and with what they add.
      let more = #""id":"","time":"20260821T101500","status":{"result":{"finished":"success"}}"#
      let body = "{\(more),\"data\":{\"a\":3,\"b\":true,\"a b\":\"\"}}"
      #expect(try await device.send(.put, "/configData", body, [.expect: "100-continue"]).status == 200)
      try await expect(#""3" null "2" "1""#, #""true" null "y" null "x""#)
      #expect(try await Self.values("a_b", token, world) == #""""#)
    }
  }

  @Test func `is refused where it is malformed, or too much`() async throws {
    try await RolloutWorld.play { world in
      let (device, token) = try await world.deviceOfThing()
      let long = String(repeating: "x", count: 128)
      for bad in [
        "", "[]", "{}", #"{"data":[]}"#, #"{"data":{}}"#, #"{"data":"x"}"#, #"{"data":{"a":[]}}"#, #"{"data":{"a":{}}}"#,
        #"{"data":{"":"x"}}"#, #"{"data":{"\#(long)x":"x"}}"#, #"{"data":{"a":"\#(long)x"}}"#, #"{"data":{"a":"ä"}}"#,
        #"{"data":{"a`":"x"}}"#, #"{"data":{"a":"x"},"mode":"add"}"#, #"{"data":{"a":"x"},"mode":1}"#,
      ] {
        let answer = try await device.send(.put, "/configData", bad)
        #expect(answer.status == 400 && answer.bytes.isEmpty == false, "\(bad)")
        #expect(try answer.json()["errorCode"]?.text?.hasPrefix("hawkbit.server.error.") == true)
      }
      #expect(try await device.tell(#""\#(long)":"\#(long)""#) == 200)
      let more = (1...99).map { #""a\#($0)":"x""# }.joined(separator: ",")
      #expect(try await device.tell(more) == 200)
      let full = try await device.send(.put, "/configData", #"{"data":{"b":"x"}}"#)
      try full.expectDDIError(429, "quota.tooManyEntries")
      #expect(try await Self.values("b", token, world) == nil)
      // Those that are there may change, and one may take the place of another.
      #expect(try await device.tell(#""a1":"y""#) == 200)
      #expect(try await device.tell(#""a1":null,"b":"x""#) == 200)
      #expect(try await Self.values("b", token, world) == #""x""#)
      #expect(try await device.tell("\(more),\"b\":\"1\",\"c\":\"1\"", mode: "replace") == 429)
    }
  }

  @Test func `says what it runs, by the attribute that the model names`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let device = try await world.device(running: nil)
      #expect(try await device.tell(#""sw_version":"1","sw_version_radio":"1""#) == 200)
      #expect(try await device.running(mcu: 0) == "1")
      #expect(try await device.running(mcu: 1) == "1")
      try await world.set(#"{"deviceDoor":{"versionAttribute":"fw.version"}}"#)
      #expect(try await device.tell(#""sw_version":"3","fw.version_main":"2""#) == 200)
      #expect(try await device.running(mcu: 0) == "2")
      #expect(try await device.running(mcu: 1) == "1")
      #expect(try await device.tell(#""fw.version":"3""#, mode: "remove") == 200)
      #expect(try await device.running(mcu: 0) == "2")
    }
  }

  @Test(arguments: Door.allCases) func `is what was installed by another way`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device(running: nil)
      let other = try await world.device("dev-2")
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      @Sendable func put(_ name: String, _ version: String) async throws -> Answer {
        try await device.send(.put, "/installedBase", #"{"name":"\#(name)","version":"\#(version)","more":1}"#)
      }
      for (name, version, status) in [
        ("lamp", "9", 404), ("fan", "2", 404), ("lamp", "2", 201), ("lamp", "2", 200), ("lamp-main", "2", 200),
      ] {
        let answer = try await put(name, version)
        #expect(answer.status == status && answer.bytes.isEmpty && answer.length == 0, "\(name) \(version)")
      }
      #expect(try await device.running() == "2")
      #expect(try await device.links()["installedBase"] == "/installedBase/\(action)")
      #expect(try await device.action() == nil)
      let counts = try await world.counts(id)
      #expect(counts == ["confirmed": 1, "waiting": 1], "the other has not come yet")
      for bad in ["{}", #"{"name":"lamp"}"#, "[]", ""] {
        #expect(try await device.send(.put, "/installedBase", bad).status == 400, "\(bad)")
      }
      #expect(try await other.running() == "1")
    }
  }
}
