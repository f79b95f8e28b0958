import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A poll by DDI") struct DDIPollTests {
  private static func seconds(_ sleep: String) -> Int64? {
    let parts = sleep.split(separator: ":").compactMap { Int64($0) }
    return parts.count == 3 ? parts[0] * 3600 + parts[1] * 60 + parts[2] : nil
  }

  @Test(arguments: Door.allCases) func `is the same, byte by byte, while nothing changes, and counts also as 304`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      for isBusy in [false, true] {
        if isBusy { _ = try await world.begin() }
        let first = try await device.get()
        let tag = first.headers[.eTag] ?? ""
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.utf8.count > 10)
        world.pass(seconds: 600)
        let second = try await device.get()
        #expect(second.bytes == first.bytes && second.headers[.eTag] == tag)
        for asked in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
          world.pass(seconds: 600)
          let same = try await device.get("", [.ifNoneMatch: asked])
          #expect(same.status == 304 && same.bytes.isEmpty && same.headers[.eTag] == tag, "\(asked)")
          let seen = try await device.shown()["lastSeenAt"]?.text
          #expect(seen == world.test.clock.now.iso8601, "\(asked)")
        }
        #expect(try await device.get("", [.ifNoneMatch: "\"other\""]).bytes == first.bytes)
      }
    }
  }

  @Test(arguments: [1, 10, 300, 7200, 86_400]) func `says how long to sleep as every poll does, in eight characters`(
    interval: Int64
  ) async throws {
    try await RolloutWorld.play { world in
      try await world.set(#"{"pollInterval":\#(interval)}"#)
      let (device, token) = try await world.deviceOfThing()
      let thing = PlayedThing(id: device.id, token: token)
      #expect(try await device.get().status == 200)
      for isBusy in [false, true] {
        if isBusy { _ = try await world.begin() }
        let sleep = try await device.sleep()
        #expect(sleep.utf8.count == 8 && sleep.utf8.enumerated().allSatisfy { ($0 % 3 == 2) == ($1 == UInt8(ascii: ":")) })
        let native = try await world.front.get("/v2/things/\(thing.token)/firmwares/latest").retryAfter
        let seconds = Self.seconds(sleep) ?? 0
        #expect(seconds == min(Int64(native), 86_399))
        let expected = isBusy ? min(interval, max(10, interval / 5)) : interval
        #expect(abs(seconds - expected) <= expected / 5 + 1, "\(sleep)")
      }
    }
  }

  @Test(arguments: Door.allCases) func `leads to one update, by a number that changes with what is to be read there`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"], door: door) { world in
      let device = try await world.device()
      #expect(try await device.links() == [:])
      _ = try await world.begin()
      let first = try await device.links()
      #expect(first.keys.sorted() == ["deploymentBase"])
      let link = first["deploymentBase"] ?? ""
      let number = link.split(separator: "?c=").last.flatMap { Int32($0) }
      #expect(number != nil, "\(link)")
      #expect(try await device.links() == first)
      let answer = try await device.get(link)
      #expect(answer.status == 200)
      // The link is there to be followed, and nobody looks at its number.
      let (path, _) = (link.prefix { $0 != "?" }.description, 0)
      for query in ["", "?c=", "?c=1", "?c=99999999999", "?x=y"] {
        #expect(try await device.get(path + query).bytes == answer.bytes, "\(query)")
      }
      #expect(try await device.tell(#""sw_version_radio":"2""#) == 200)
      let second = try await device.links()["deploymentBase"] ?? ""
      #expect(second.hasPrefix("\(path)?c=") && second != link)
      #expect(try await device.get(second).bytes != answer.bytes)
    }
  }

  @Test func `takes the types that there are, and no others`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      for (accepted, type) in [
        (nil, "application/hal+json"), ("*/*", "application/hal+json"), ("application/json", "application/json"),
        ("application/json;charset=UTF-8", "application/json"), ("application/hal+json", "application/hal+json"),
        ("APPLICATION/JSON", "application/json"), ("text/html, application/json;q=0.5", "application/json"),
      ] {
        let answer = try await device.get("", accepted.map { [.accept: $0] } ?? [:])
        #expect(answer.status == 200 && answer.type == type, "\(accepted ?? "-")")
        #expect(answer.length == answer.bytes.count && answer.headers[.transferEncoding] == nil)
      }
      for accepted in ["application/cbor", "text/html", "image/*"] {
        let answer = try await device.get("", [.accept: accepted])
        try answer.expectDDIError(406, "not-acceptable")
      }
    }
  }

  @Test func `is refused in the form of hawkBit, or without a word`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let data = #"{"data":{"a":"b"}}"#
      for type in ["application/hal+json", "text/plain", "application/x-www-form-urlencoded"] {
        try await device.send(.put, "/configData", data, [.contentType: type]).expectDDIError(415, "unsupported-media-type")
      }
      for type in ["application/json", "application/json;charset=UTF-8", "Application/JSON"] {
        #expect(try await device.send(.put, "/configData", data, [.contentType: type]).status == 200, "\(type)")
      }
      for (method, path, allowed): (HTTPRequest.Method, String, String) in [
        (.post, "", "GET"), (.get, "/configData", "PUT"), (.delete, "/deploymentBase/1", "GET"),
        (.get, "/deploymentBase/1/feedback", "POST"),
      ] {
        let answer = try await device.send(method, path)
        try answer.expectDDIError(405, "method-not-allowed")
        #expect(answer.headers[.allow]?.contains(allowed) == true, "\(path)")
      }
      try await device.get("/deploymentBase/x18").expectDDIError(400, "rest.body.notReadable")
      try await device.get("/deploymentBase/99999999999999999999").expectDDIError(400, "rest.body.notReadable")
      for path in ["/nothing", "/deploymentBase/18", "/cancelAction/18", "/installedBase/18", "/confirmationBase/18"] {
        let answer = try await device.get(path)
        #expect(answer.status == 404 && answer.bytes.isEmpty && answer.length == 0, "\(path)")
      }
    }
  }

  @Test func `needs nothing but memory where nothing new is to be told`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let token = try await world.gatewayToken()
      @Sendable func quick(_ token: String) -> ControllerPoll? {
        world.test.service.pollController("dev-1", .gateway(token))?.poll
      }
      #expect(quick(token) != nil && quick("other") == nil)
      _ = try await world.begin()
      #expect(quick(token) == nil, "the action is on the disk before it is told")
      let action = try await device.action() ?? ""
      guard case .deployment(let id, _)? = quick(token)?.link else {
        Issue.record("there is no update")
        return
      }
      #expect(String(id) == action)
      #expect(try await world.front.operate(.post, "/api/v1/things/dev-1/retirement").status == 200)
      #expect(quick(token) == nil)
    }
  }

  @Test func `makes one action, however many come at once`() async throws {
    try await RolloutWorld.play(door: .socket) { world in
      let device = try await world.device()
      let id = try await world.begin()
      let links = try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 0..<8 { group.addTask { try await device.links()["deploymentBase"] } }
        return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
      }
      #expect(links.count == 1 && links.first??.hasPrefix("/deploymentBase/") == true, "\(links)")
      #expect(try await world.counts(id) == ["offered": 1])
    }
  }

  @Test func `finds its action again after a restart`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      _ = try await world.begin()
      let before = try await device.links()["deploymentBase"] ?? ""
      let action = before.dropFirst("/deploymentBase/".utf8.count).prefix { $0 != "?" }
      let again = try await world.test.restarted()
      let token = try await world.gatewayToken()
      let session = try await again.identifyController("dev-1", .gateway(token))
      guard case .deployment(let number, let content)? = try await again.pollController(session).link else {
        Issue.record("there is no update")
        return
      }
      #expect("/deploymentBase/\(number)?c=\(content)" == before)
      let report = DeviceReport(execution: .closed, finished: .success, code: nil, details: [])
      try await again.reportDeployment(number, report, of: session)
      let third = try await world.test.restarted()
      let later = try await third.identifyController("dev-1", .gateway(token))
      let poll = try await third.pollController(later)
      #expect(poll.link == nil && poll.installed.map(String.init) == String(action) && poll.asksAttributes)
      // Its last word may come once more.
      try await third.reportDeployment(number, report, of: later)
    }
  }
}

extension Answer {
  /// Expects an error as hawkBit tells it.
  func expectDDIError(_ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(self.status == status, "\(text)", sourceLocation: sourceLocation)
    #expect(type == "application/json", sourceLocation: sourceLocation)
    let error = try json()
    #expect(error["errorCode"]?.text == "hawkbit.server.error.\(code)", "\(text)", sourceLocation: sourceLocation)
    #expect(error["exceptionClass"]?.text?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(error["message"]?.text?.isEmpty == false, sourceLocation: sourceLocation)
  }
}
