import Domain
import FirmwareService
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import HTTPAPI

@Suite("The life of a device of DDI") struct DDIJourneyTests {
  @Test func `is that of swupdate, byte by byte as it writes`() async throws {
    try await RolloutWorld.play(door: .socket) { world in
      let device = try await world.device(running: nil)
      let id = try await world.begin()
      let client = try WireClient(port: world.front.client.port)
      let head = """
        Host: 127.0.0.1\r\nUser-Agent: libcurl-agent/1.0\r\nAccept: application/json\r\ncharsets: utf-8\r\n\
        Authorization: \(device.authorization)\r\n
        """
      /// - Returns: the status and the body; nothing of it may be chunked.
      @Sendable func ask(_ method: String, _ path: String, _ body: String? = nil, waits: Bool = false) async throws -> String {
        let length = body.map { "Content-Type: application/json\r\nContent-Length: \($0.utf8.count)\r\n" } ?? ""
        let leave = waits ? "Expect: 100-continue\r\n" : ""
        client.send("\(method) \(device.base)\(path) HTTP/1.1\r\n\(head)\(length)\(leave)\r\n")
        if waits { #expect(try await client.read(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n") }
        if let body { client.send(body) }
        let answer = try await client.read(through: "\r\n\r\n")
        let lengths = answer.lowercased().split(separator: "\r\n").filter { $0.hasPrefix("content-length: ") }
        #expect(answer.hasPrefix("HTTP/1.1 20") && lengths.count == 1 && !answer.lowercased().contains("transfer-encoding"))
        let count = method == "HEAD" ? 0 : Int(lengths.first?.split(separator: " ").last ?? "") ?? 0
        return String(decoding: try await client.read(count), as: UTF8.self)
      }
      #expect(try await ask("GET", "").contains("configData"))
      let data =
        #"{"id":"","time":"20260821T101500","status":{"result":{"finished":"success"},"execution":"closed","#
        + #""details":[""]},"data":{"sw_version":"1"}}"#
      #expect(try await ask("PUT", "/configData", data, waits: true) == "")
      let poll = try await ask("GET", "")
      let href = poll.components(separatedBy: "\"href\":\"").last?.prefix { $0 != "\"" } ?? ""
      let link = href.components(separatedBy: "/controller/v1/dev-1").last ?? ""
      let action = link.dropFirst("/deploymentBase/".utf8.count).prefix { $0 != "?" }
      let told = try await ask("GET", link)
      #expect(try await ask("GET", link) == told)
      let feedback = "/deploymentBase/\(action)/feedback"
      @Sendable func report(_ execution: String, _ finished: String, _ details: String) async throws {
        let result = #"{"finished":"\#(finished)","progress":{"cnt":1,"of":1}}"#
        let status = #"{"execution":"\#(execution)","result":\#(result),"details":[\#(details)]}"#
        let body = #"{"id":\#(action),"time":"20260821T101500","status":\#(status)}"#
        #expect(try await ask("POST", feedback, body, waits: body.utf8.count > 1024) == "")
      }
      try await report("proceeding", "none", #""""#)
      let file = try await device.file()
      #expect(try await ask("HEAD", file) == "")
      _ = try await ask("GET", file)
      #expect(try await ask("GET", "") == poll, "it polls while it installs")
      let lines = (0..<48).map { "\"a line of its log, with a raw\n newline in it, which is number \($0)\"" }
      try await report("proceeding", "none", lines.joined(separator: ","))
      try await report("proceeding", "none", #""All Chunks Installed.""#)
      #expect(try await ask("GET", link).contains(#""id":"\#(action)""#), "it asks again after its restart")
      try await report("closed", "success", #""""#)
      #expect(try await ask("GET", "").contains("/installedBase/\(action)\""))
      #expect(try await ask("PUT", "/configData", data.replacing(#"version":"1"#, with: #"version":"2"#), waits: true) == "")
      #expect(try await world.counts(id) == ["confirmed": 1])
      client.close()
    }
  }

  @Test func `may write its bodies in chunks, and none that is too large`() async throws {
    try await RolloutWorld.play(door: .socket) { world in
      let device = try await world.device()
      _ = try await world.begin()
      let action = try await device.action() ?? ""
      let client = try WireClient(port: world.front.client.port)
      let body = DDIDevice.feedback("proceeding", "none", #","details":["in chunks"]"#)
      let (first, second) = (body.prefix(20), body.dropFirst(20))
      let chunks = [first, second].map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined()
      client.send(
        "POST \(device.base)/deploymentBase/\(action)/feedback HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
          + "Authorization: \(device.authorization)\r\nContent-Type: application/json\r\n\r\n\(chunks)0\r\n\r\n")
      let answer = try await client.read(through: "\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.lowercased().contains("content-length: 0"), "\(answer)")
      client.close()
      let history = try await device.deployment("\(action)?actionHistory=1")["actionHistory"]
      #expect(history?["messages"] == .array([.string("in chunks")]))
      let large = String(repeating: "x", count: world.test.settings.largestThingBody)
      let refused = try await device.send(
        .post, "/deploymentBase/\(action)/feedback", DDIDevice.feedback("closed", "failure", #","details":["\#(large)"]"#))
      try refused.expectDDIError(413, "body-too-large")
      #expect(try await device.state() == "offered")
    }
  }

  @Test func `goes back where a rollout is reverted`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let first = try await device.action() ?? ""
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "success", on: first) == 200)
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      let back = try await world.act("revert", id, 201)["id"]?.text ?? ""
      try await world.advance()
      let second = try await device.action() ?? ""
      #expect(!second.isEmpty && second != first)
      let chunks = DocumentedJourney.entries(try await device.deployment(second)["deployment"] ?? .null, "chunks")
      #expect(chunks.compactMap { $0["version"]?.text } == ["1"])
      #expect(try await device.fetch("1").status == 200)
      #expect(try await device.report("closed", "success", on: second) == 200)
      #expect(try await device.tell(#""sw_version":"1""#) == 200)
      #expect(try await world.counts(back) == ["confirmed": 1])
      #expect(try await device.links() == ["installedBase": "/installedBase/\(second)"])
    }
  }

  @Test(arguments: [(1, 2), (2, 1), (1, 1)]) func `has one of two rollouts at a time, the more urgent one first`(
    priorities: (main: Int, radio: Int)
  ) async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let device = try await world.device()
      var rollouts: [String: String] = [:]
      for (mcu, priority) in [("main", priorities.main), ("radio", priorities.radio)] {
        let firmware = world.firmwares["\(mcu) 2"] ?? ""
        rollouts[mcu] = try await world.begin(#""firmwares":["\#(firmware)"],"priority":\#(priority)"#)
      }
      let order = priorities.main > priorities.radio ? ["main", "radio"] : ["radio", "main"]
      var actions: Set<String> = []
      for mcu in order {
        let action = try await device.action() ?? ""
        #expect(actions.insert(action).inserted)
        let chunks = DocumentedJourney.entries(try await device.deployment(action)["deployment"] ?? .null, "chunks")
        #expect(chunks.compactMap { $0["name"]?.text } == ["lamp-\(mcu)"])
        #expect(try await device.fetch(mcu: mcu).status == 200)
        #expect(try await device.report("closed", "success", on: action) == 200)
        #expect(try await device.tell(#""sw_version_\#(mcu)":"2""#) == 200)
        #expect(try await world.counts(rollouts[mcu] ?? "") == ["confirmed": 1])
      }
      #expect(try await device.action() == nil)
    }
  }

  @Test func `loses an update whose firmware is withdrawn, and has it again after an operator's retry`() async throws {
    try await RolloutWorld.play { world in
      let (device, failing) = (try await world.device("dev-1"), try await world.device("dev-2"))
      let id = try await world.begin(#""attempts":1"#)
      let first = try await failing.action() ?? ""
      #expect(try await failing.report("rejected", on: first) == 200)
      #expect(try await failing.links() == [:])
      #expect(try await world.reason(failing.thing) == .rejectedByThing)
      #expect(try await world.front.operate(.post, "/api/v1/things/dev-2/retry").status == 200)
      let second = try await failing.action() ?? ""
      #expect(!second.isEmpty && second != first)
      let counts = try await world.counts(id)
      #expect(counts == ["rejected": 1, "waiting": 1], "it counts as rejected until it runs it")
      let action = try await device.action() ?? ""
      let path = "/api/v1/firmwares/\(world.firmwares["main 2"] ?? "")/publication"
      #expect(try await world.front.operate(.delete, path).status == 200)
      #expect(try await device.action("cancelAction") == action)
      #expect(try await device.fetch().status == 404)
    }
  }

  @Test func `waits its turn where a rollout takes only so many at a time`() async throws {
    try await RolloutWorld.play { world in
      let (device, other) = (try await world.device("dev-1"), try await world.device("dev-2"))
      let id = try await world.begin(#""concurrent":1"#)
      let action = try await device.action() ?? ""
      #expect(try await other.links() == [:])
      #expect(try await world.reason(other.thing) == .tooManyDownloads)
      #expect(try await device.action() == action, "its own turn is not taken from it")
      #expect(try await device.fetch().status == 200)
      try await world.advance()
      #expect(try await other.action() != nil)
      #expect(try await world.counts(id) == ["downloaded": 1, "offered": 1])
    }
  }

  @Test(arguments: ["dev%201", "a%2Fb", "%C3%BC%3F%23", "a%25b", "~a.b_c-d", "%7Bid%7D"])
  func `is under any name, as often as it is written into a path`(id: String) async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device(id)
      _ = try await world.begin()
      let link = try await device.links()["deploymentBase"] ?? ""
      #expect(link.hasPrefix("/deploymentBase/"), "\(link)")
      #expect(try await device.get(link).status == 200)
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "success", on: try await device.action() ?? "") == 200)
      #expect(try await device.state() == "installed")
      var elsewhere = device
      elsewhere.tenant = "a%2Fb"
      #expect(try await elsewhere.get().text.contains("/a%2Fb/controller/v1/\(id)/"))
    }
  }

  @Test func `begins once, and ends once, however many say so at the same time`() async throws {
    try await RolloutWorld.play(door: .socket) { world in
      let token = try await world.gatewayToken()
      let device = DDIDevice(world: world, id: "dev-1", authorization: "GatewayToken \(token)")
      let id = try await world.begin()
      @Sendable func atOnce(_ ask: @escaping @Sendable () async throws -> Int) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<8 { group.addTask { try await ask() } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
      }
      let begins = try await atOnce { try await device.get().status }
      #expect(begins == Array(repeating: 200, count: 8))
      let things = try await world.front.operate(.get, "/api/v1/things?limit=10").json()
      #expect(DocumentedJourney.entries(things, "things").count == 1)
      #expect(try await world.counts(id) == ["offered": 1])
      let action = try await device.action() ?? ""
      let ends = try await atOnce { try await device.report("closed", "success", on: action) }
      #expect(ends == Array(repeating: 200, count: 8))
      let words = try await atOnce { try await device.tell(#""sw_version":"2""#) }
      #expect(words == Array(repeating: 200, count: 8))
      #expect(try await world.counts(id) == ["confirmed": 1])
    }
  }

  @Test func `has the agreement of its owner, or its own by the native API, as by DDI`() async throws {
    try await RolloutWorld.play { world in
      let (device, token) = try await world.deviceOfThing()
      #expect(try await device.get().status == 200)
      _ = try await world.begin(#""consent":true"#)
      let action = try await device.action("confirmationBase") ?? ""
      try await world.write(PlayedThing(id: device.id, token: token), ##"{"key":"$consent","value":{"allow":true}}"##)
      #expect(try await device.action() == action)
      #expect(try await device.deployment(action)["deployment"]?["update"]?.text == "attempt")
    }
  }
}
