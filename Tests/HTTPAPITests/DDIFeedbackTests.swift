import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("What a device of DDI reports") struct DDIFeedbackTests {
  /// What was said, the state of the firmware after it, and whether it ends the action.
  private static let matrix: [(String, String, String, Bool)] = [
    ("closed", "success", "installed", true), ("closed", "none", "installed", true), ("closed", "failure", "failed", true),
    ("downloaded", "success", "downloaded", false), ("downloaded", "none", "downloaded", false),
    ("download", "none", "downloading", false), ("canceled", "none", "offered", false),
    ("canceled", "success", "offered", false), ("rejected", "none", "rejected", true),
    ("rejected", "success", "rejected", true),
    ("proceeding", "none", "offered", false), ("proceeding", "success", "offered", false),
    ("proceeding", "failure", "offered", false), ("scheduled", "none", "offered", false),
    ("resumed", "none", "offered", false),
  ]

  @Test(arguments: Door.allCases, matrix) func `moves the update on as hawkBit's table says`(
    door: Door, row: (execution: String, finished: String, state: String, isEnd: Bool)
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      let id = try await world.begin(#""attempts":1"#)
      let action = try await device.action() ?? ""
      #expect(try await device.report(row.execution, row.finished, on: action) == 200)
      #expect(try await device.state() == row.state)
      #expect(try await world.counts(id) == [row.state: 1])
      #expect(try await device.action() == (row.isEnd ? nil : action))
      // The same again changes nothing, and is taken: the device may not have got the answer.
      #expect(try await device.report(row.execution, row.finished, on: action) == 200)
      let other = try await device.report("proceeding", on: action)
      #expect(other == (row.isEnd ? 410 : 200))
      let end = try await device.report("closed", "failure", on: action)
      #expect(end == (row.isEnd && row.2 != "failed" ? 410 : 200))
      #expect(try await device.state() == (row.isEnd ? row.state : "failed"))
      let isInstalled = row.state == "installed"
      #expect(try await device.links()["configData"] == (isInstalled ? "/configData" : nil))
      #expect(try await device.links()["installedBase"] == (isInstalled ? "/installedBase/\(action)" : nil))
    }
  }

  @Test(arguments: Door.allCases) func `is taken however a device writes it`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      _ = try await world.begin()
      let action = try await device.action() ?? ""
      func text(_ progress: String) -> String {
        #"{"status":{"execution":"proceeding","result":{"finished":"none","progress":\#(progress)}}}"#
      }
      let plain = DDIDevice.feedback("proceeding")
      var bodies = ["{}", #"{"percentage":40}"#, #"{"cnt":2,"of":5}"#, #"{"cnt":"2"}"#, #"{"of":2.5}"#, "null", "[]", "40"]
        .map(text)
      bodies += [
        #"{"id":17,"time":"20260821T101500","timestamp":"x","new":{},"# + plain.dropFirst(),
        #"{"id":"\#(action)","timestamp":1627997501890,"# + plain.dropFirst(),
        DDIDevice.feedback("proceeding", "none", #","code":"200","details":"one","more":[1]"#),
        DDIDevice.feedback("proceeding", "none", #","code":1.0,"details":["a",1,null,true]"#),
        DDIDevice.feedback("proceeding", "none", #","code":null,"details":null"#), "\u{FEFF}\(plain)", " \(plain)\n",
        DDIDevice.feedback("proceeding", "none", ",\"details\":[\"a\nb\tc\u{1}\u{1b}[31m\"]"),
      ]
      for body in bodies {
        let answer = try await device.send(.post, "/deploymentBase/\(action)/feedback", body)
        #expect(answer.status == 200 && answer.bytes.isEmpty && answer.length == 0, "\(body): \(answer.text)")
      }
      let path = "\(device.base)/deploymentBase/\(action)/feedback"
      // Without a type, with bytes of no encoding, and after having asked whether it may.
      let bytes = Array(DDIDevice.feedback("proceeding", "none", #","details":["@"]"#).utf8)
      let odd = bytes.flatMap { $0 == UInt8(ascii: "@") ? [0xFF, 0xC3] : [$0] }
      for headers: HTTPFields in [[:], [.contentType: "application/json;charset=UTF-8"], [.expect: "100-continue"]] {
        var headers = headers
        headers[.authorization] = device.authorization
        for body in [bytes, odd] {
          let answer = try await world.front.send(.post, path, headers, body: body)
          #expect(answer.status == 200, "\(headers) \(answer.text)")
        }
      }
      let messages = try await device.deployment("\(action)?actionHistory=-1")["actionHistory"]?["messages"]?.json ?? ""
      #expect(messages.contains(#""a\nb\tc\u0001"#) && messages.contains("\u{FFFD}") && messages.contains(#""true""#))
    }
  }

  @Test func `is refused where it says nothing that is known`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      for body in [
        "", "{", "[]", "null", "{}", #"{"status":1}"#, #"{"status":{}}"#, #"{"status":{"execution":"closed"}}"#,
        #"{"status":{"execution":"closed","result":{}}}"#, #"{"status":{"result":{"finished":"none"}}}"#,
        DDIDevice.feedback("Closed", "success"), DDIDevice.feedback("closed", "maybe"), DDIDevice.feedback("", ""),
        #"{"status":{"execution":1,"result":{"finished":"none"}}}"#,
      ] {
        let answer = try await device.send(.post, "/deploymentBase/\(action)/feedback", body)
        try answer.expectDDIError(400, "rest.body.notReadable")
      }
      let type = try await device.send(
        .post, "/deploymentBase/\(action)/feedback", DDIDevice.feedback("closed", "success"), [.contentType: "text/xml"])
      #expect(type.status == 415)
      for path in ["18", "x18", "0", "-1"] {
        let status = try await device.report("closed", "success", on: path)
        #expect(status == (path == "x18" ? 400 : 404), "\(path)")
      }
      #expect(try await world.counts(id) == ["offered": 1])
    }
  }

  @Test func `is kept up to a limit, and its last word is taken beyond it`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      let many = (0...50).map { _ in "\"x\"" }.joined(separator: ",")
      let answer = try await device.send(
        .post, "/deploymentBase/\(action)/feedback", DDIDevice.feedback("proceeding", "none", #","details":[\#(many)]"#))
      try answer.expectDDIError(429, "quota.tooManyEntries")
      let most = #","details":[\#(many.dropLast(4))]"#
      #expect(try await device.report("proceeding", on: action, "deploymentBase", most) == 200)
      for _ in 2...1000 { #expect(try await device.report("proceeding", on: action) == 200) }
      #expect(try await device.report("proceeding", on: action) == 429)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await world.counts(id) == ["installed": 1])
    }
  }

  @Test func `is confirmed by the version that the device says it runs`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "success", on: action) == 200)
      // It is asked until it has said so.
      #expect(try await device.links()["configData"] != nil)
      #expect(try await device.tell(#""sw_version":"1""#) == 200)
      #expect(try await device.links()["configData"] != nil)
      #expect(try await device.state() == "installed")
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      #expect(try await device.links() == ["installedBase": "/installedBase/\(action)"])
      #expect(try await device.state() == "confirmed")
      #expect(try await world.counts(id) == ["confirmed": 1])
      try await world.advance()
      #expect(try await world.state(id) == "finished")
    }
  }

  @Test(arguments: [nil, "1"]) func `is taken back where the device does not say in time that it runs it`(
    said: String?
  ) async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.report("closed", "success", on: action) == 200)
      if let said { #expect(try await device.tell(#""sw_version":"\#(said)""#) == 200) }
      let within = try world.test.service.model("lamp").confirmWithin
      world.pass(seconds: within - 1)
      #expect(try await world.test.service.expireConfirmations() == 0)
      world.pass(seconds: 1)
      #expect(try await world.test.service.expireConfirmations() == 1)
      #expect(try await device.state() == "rolledBack")
      #expect(try await world.counts(id) == ["rolledBack": 1])
      #expect(try await device.action() == nil)
    }
  }

  @Test func `is believed where the model trusts reports, and is called a claim`() async throws {
    try await RolloutWorld.play { world in
      try await world.set(#"{"deviceDoor":{"trustsReports":true}}"#)
      let device = try await world.device(running: nil)
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.state() == "claimed")
      #expect(try await device.running() == "2")
      #expect(try await world.counts(id) == ["claimed": 1])
      #expect(try await device.action() == nil)
      world.pass(seconds: 1_000_000)
      #expect(try await world.test.service.expireConfirmations() == 0)
      #expect(try await device.state() == "claimed")
    }
  }

  @Test func `is tried again by a new action after a failure, as often as the rollout allows`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin(#""attempts":2"#)
      let first = try await device.action() ?? ""
      #expect(try await device.fetch().status == 200)
      #expect(
        try await device.report("closed", "failure", on: first, "deploymentBase", #","code":5,"details":["no room"]"#) == 200)
      let second = try await device.action() ?? ""
      #expect(!second.isEmpty && second != first)
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "failure", on: second) == 200)
      #expect(try await device.action() == nil)
      #expect(try await device.fetch().status == 404)
      #expect(try await world.counts(id) == ["failed": 1])
      #expect(try await world.reason(device.thing) == .failedBefore)
      // A device that sends its first report once more is not told anything else.
      #expect(
        try await device.report("closed", "failure", on: first, "deploymentBase", #","code":5,"details":["again"]"#) == 200)
    }
  }

  @Test func `may come after the device was seen to run what the action was to bring`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch().status == 200)
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      #expect(try await device.links() == ["installedBase": "/installedBase/\(action)"])
      #expect(try await device.report("proceeding", on: action) == 410)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.report("closed", "failure", on: action) == 410)
      #expect(try await world.counts(id) == ["confirmed": 1])
    }
  }
}
