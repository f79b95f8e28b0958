import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("How much of what a device of DDI reports is kept") struct DDIReportLimitTests {
  /// What the history of an action tells, newest first.
  private static func messages(_ device: DDIDevice, _ action: String, _ name: String = "deploymentBase") async throws
    -> [String]
  {
    let told = try await device.deployment("\(action)?actionHistory=-1", name)
    guard case .array(let messages)? = told["actionHistory"]?["messages"] else { return [] }
    return messages.compactMap(\.text)
  }

  @Test(arguments: [("x", 200_000), ("\u{301}", 60_000)])
  func `is fifty pieces of 512 characters, however long the details are`(
    unit: String, count: Int
  ) async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      _ = try await world.begin()
      let action = try await device.action() ?? ""
      let details = #","code":7,"details":["first","\#(String(repeating: unit, count: count))","last"]"#
      #expect(try await device.report("proceeding", on: action, "deploymentBase", details) == 200)
      let reports = try await world.test.catalog.reports(ofAction: Int64(action) ?? 0, limit: 1000)
      let messages = reports.flatMap(\.messages)
      #expect(messages.count == 51 && messages.first == "first" && messages.last == "Device reported status code: 7")
      let lengths = messages.map(\.unicodeScalars.count)
      #expect(lengths[1..<50].allSatisfy { $0 == 512 } && lengths.dropLast().reduce(0, +) <= 50 * 512)
      #expect(try await Self.messages(device, action).count == 51)
    }
  }

  @Test func `is read as far as it is asked for, past reports without words`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      _ = try await world.begin()
      let action = try await device.action() ?? ""
      let words = (1...50).map { "\"\($0)\"" }.joined(separator: ",")
      for _ in 1...3 {
        #expect(try await device.report("proceeding", on: action, "deploymentBase", ",\"details\":[\(words)]") == 200)
      }
      for (limit, expected) in [(0, 1), (1, 1), (50, 1), (51, 2), (100, 2), (1000, 3)] {
        let reports = try await world.test.catalog.reports(ofAction: Int64(action) ?? 0, limit: limit)
        #expect(reports.count == expected, "\(limit)")
      }
      for _ in 1...120 { #expect(try await device.report("proceeding", on: action) == 200) }
      #expect(try await Self.messages(device, action).prefix(2) == ["50", "49"])
      #expect(try await Self.messages(device, action).count == 100)
    }
  }

  @Test func `is no reason to refuse an agreement, but too many details are`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      _ = try await world.begin(#""consent":true"#)
      let action = try await device.action("confirmationBase") ?? ""
      func say(_ word: String, _ details: String = #""x""#) async throws -> Answer {
        try await device.send(
          .post, "/confirmationBase/\(action)/feedback", #"{"confirmation":"\#(word)","details":[\#(details)]}"#)
      }
      let many = (0...50).map { _ in #""x""# }.joined(separator: ",")
      for word in ["confirmed", "denied"] { try await say(word, many).expectDDIError(429, "quota.tooManyEntries") }
      for _ in 1...1000 { #expect(try await say("denied").status == 200) }
      try await say("denied").expectDDIError(429, "quota.tooManyEntries")
      #expect(try await device.action("confirmationBase") == action)
      #expect(try await say("confirmed").status == 200)
      #expect(try await device.action() == action)
    }
  }

  @Test func `goes thirty days after the action was closed`() async throws {
    try await RolloutWorld.play { world in
      let (device, other) = (try await world.device(), try await world.device("dev-2"))
      _ = try await world.begin()
      let action = try await device.action() ?? ""
      let open = try await other.action() ?? ""
      #expect(try await other.report("proceeding", on: open, "deploymentBase", #","details":["kept"]"#) == 200)
      // More than go at once.
      for _ in 1...600 { #expect(try await device.report("proceeding", on: action) == 200) }
      #expect(try await device.report("closed", "success", on: action, "deploymentBase", #","details":["done"]"#) == 200)
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      world.pass(seconds: 30 * 86_400)
      try await world.test.service.deleteOldReports()
      #expect(try await Self.messages(device, action, "installedBase") == ["done"])
      world.pass(seconds: 1)
      // As the service itself does it.
      let sweep = Task { try await Sweep(service: world.test.service).run() }
      defer { sweep.cancel() }
      let catalog = world.test.catalog
      let id = Int64(action) ?? 0
      for _ in 1...500 {
        if try await catalog.reports(ofAction: id, limit: 1).isEmpty { break }
        try await Task.sleep(for: .milliseconds(20))
      }
      let left = try await catalog.reports(ofAction: id, limit: 1000)
      #expect(left.isEmpty)
      #expect(try await Self.messages(other, open) == ["kept"])
      // The action itself stays, and what ended it is still known.
      #expect(try await device.deployment(action, "installedBase")["deployment"] != nil)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.report("closed", "failure", on: action) == 410)
    }
  }
}
