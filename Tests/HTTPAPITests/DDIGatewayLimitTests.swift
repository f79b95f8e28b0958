import Domain
import FirmwareService
import HTTPTypes
import Logging
import Synchronization
import Testing

@testable import HTTPAPI

/// What a service writes into its log, from warnings on.
private struct WrittenLog: LogHandler {
  private final class Lines: Sendable { let texts = Mutex<[String]>([]) }

  private let lines = Lines()
  var logLevel = Logger.Level.warning
  var metadata: Logger.Metadata = [:]
  var texts: [String] { lines.texts.withLock { $0 } }

  func log(event: LogEvent) {
    lines.texts.withLock { $0.append("\(event.message) \(event.metadata?["model"]?.description ?? "")") }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}

@Suite("What one gateway token may bring about") struct DDIGatewayLimitTests {
  private static let path = "/api/v1/controllers"

  private static func credentials(_ test: TestService, _ model: String = "lamp") async throws -> HTTPFields {
    let token = try await test.service.gatewayToken(ofModel: model, rotate: false, overlap: nil, by: "ada").token
    return [.authorization: "GatewayToken \(token)"]
  }

  private static func poll(_ front: FrontDoor, _ name: String, _ credentials: HTTPFields) async throws -> Answer {
    try await front.get("/DEFAULT/controller/v1/\(name)", credentials)
  }

  private static func waiting(_ test: TestService, _ model: String? = nil) async throws -> [String] {
    try await test.service.listControllers(model: model, waitingOnly: true, PageRequest(limit: 100, after: nil))
      .entries.map(\.controllerID)
  }

  /// A store with the models lamp and fan.
  private static func store(
    _ unknown: DeviceDoor.UnknownThings, _ log: WrittenLog, _ change: (inout ServiceSettings) -> Void
  ) async throws -> TestService {
    let test = try await TestService(
      service: change, log: Logger(label: "test", factory: { _ in log }))
    for model in ["lamp", "fan"] {
      try await test.createModel(model)
      _ = try await test.service.setModel(
        model, fourEyes: nil, pollInterval: nil, deviceDoor: DeviceDoorChange(unknownThings: unknown), by: "ada")
    }
    return test
  }

  @Test func `has limits that are those of the guide`() {
    let settings = ServiceSettings()
    #expect(settings.mostWaitingControllers == 10_000)
    #expect(settings.newGatewayThings == RateLimit(count: 1000, seconds: 60))
  }

  @Test(arguments: Door.allCases) func `is so many controllers that wait, and no more until some are refused`(
    door: Door
  ) async throws {
    let log = WrittenLog()
    let test = try await Self.store(.hold, log) { $0.mostWaitingControllers = 3 }
    let (lamp, fan) = (try await Self.credentials(test), try await Self.credentials(test, "fan"))
    try await test.open(door) { front in
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 1...10 { group.addTask { try await Self.poll(front, "dev-\(number)", lamp).status } }
        return try await group.reduce(into: []) { $0.append($1) }.sorted()
      }
      #expect(statuses == [200, 200, 200] + Array(repeating: 429, count: 7))
      let known = try await Self.waiting(test)
      #expect(known.count == 3)
      try await Self.poll(front, "dev-11", lamp).expectDDIError(429, "quota.tooManyEntries")
      #expect(log.texts == ["no more controllers may wait lamp"])
      for name in known { #expect(try await Self.poll(front, name, lamp).status == 200) }
      #expect(try await Self.poll(front, "fan-1", fan).status == 200)
      let refused = try await front.operate(.delete, "\(Self.path)?model=lamp&waiting=true")
      #expect(refused.status == 200 && refused.text == #"{"model":"lamp","refused":3}"#)
      #expect(try await Self.waiting(test) == ["fan-1"])
      #expect(try await Self.poll(front, "dev-11", lamp).status == 200)
      #expect(try await Self.waiting(test, "lamp") == ["dev-11"])
    }
  }

  @Test(arguments: Door.allCases) func `is so many new things in a minute, and the log says once when it is more`(
    door: Door
  ) async throws {
    let log = WrittenLog()
    let test = try await Self.store(.accept, log) { $0.newGatewayThings = RateLimit(count: 2, seconds: 60) }
    let (lamp, fan) = (try await Self.credentials(test), try await Self.credentials(test, "fan"))
    try await test.open(door) { front in
      for name in ["a", "b"] { #expect(try await Self.poll(front, name, lamp).status == 200) }
      for name in ["c", "d", "c"] {
        let refused = try await Self.poll(front, name, lamp)
        try refused.expectDDIError(429, "too-often")
        #expect(refused.headers[.retryAfter] == "30")
      }
      #expect(log.texts == ["new things come too fast by a gateway token lamp"])
      // Who is known is not concerned, nor are other models.
      for _ in 1...3 { #expect(try await Self.poll(front, "a", lamp).status == 200) }
      #expect(try await Self.poll(front, "f", fan).status == 200)
      #expect(try await test.service.thingCount() == 3)
      test.clock.advance(seconds: 30)
      #expect(try await Self.poll(front, "c", lamp).status == 200)
      #expect(try await Self.poll(front, "d", lamp).status == 429)
      #expect(log.texts.count == 1)
      test.clock.advance(seconds: 30)
      for (name, status) in [("d", 200), ("e", 429)] { #expect(try await Self.poll(front, name, lamp).status == status) }
      #expect(log.texts.count == 2)
    }
  }

  @Test func `is refused as a whole by an administrator alone, who says of which model, and it is in the audit log`()
    async throws
  {
    let test = try await Self.store(.hold, WrittenLog()) { _ in }
    for name in ["a", "b"] { try await test.hold(name, of: "lamp") }
    try await test.hold("c", of: "fan")
    _ = try await test.service.admitController("b", by: "ada")
    let scoped = try await test.admit("lina", .administrator, models: ["lamp"]).header
    let releaser = try await test.admit("rita", .releaser).header
    try await test.open(.router) { front in
      for query in ["", "?waiting=true", "?model=lamp", "?model=lamp&waiting=false"] {
        try await front.operate(.delete, Self.path + query).expectProblem(400, "malformed")
      }
      try await front.operate(.delete, "\(Self.path)?model=none&waiting=true").expectProblem(404, "unknown-model")
      let lamp = "\(Self.path)?model=lamp&waiting=true"
      try await front.send(.delete, lamp, as: releaser).expectProblem(403, "forbidden")
      try await front.send(.delete, "\(Self.path)?model=fan&waiting=true", as: scoped).expectProblem(403, "forbidden")
      let refused = try await front.send(.delete, lamp, as: scoped)
      #expect(refused.text == #"{"model":"lamp","refused":1}"#)
      #expect(try await Self.waiting(test) == ["c"])
      // What is a thing stays one, and nothing is told of a change that changed nothing.
      #expect(try await front.operate(.get, "/api/v1/things/b").status == 200)
      #expect(try await front.operate(.delete, lamp).text == #"{"model":"lamp","refused":0}"#)
      let audit = try await front.operate(.get, "/api/v1/audit").json()
      let entries = DocumentedJourney.entries(audit, "entries").filter { $0["action"]?.text == "controller.refuseAll" }
      #expect(entries.map { $0["actor"]?.text } == ["lina"] && entries[0]["subject"]?.text == "lamp")
      #expect(entries[0]["before"]?["waiting"]?.text == "1" && entries[0]["after"]?["waiting"]?.text == "0")
    }
  }
}
