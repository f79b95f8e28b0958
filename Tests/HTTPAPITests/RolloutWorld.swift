import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// A thing as a test plays it.
struct PlayedThing: Sendable {
  let id: String
  let token: String
}

/// A model `lamp` with versions 1, 2 and 3 of each MCU, none of them published, and what operators and things do.
struct RolloutWorld: Sendable {
  static let imageSize = 100

  let test: TestService
  let front: FrontDoor
  /// The ids of the firmwares by `MCU VERSION`.
  let firmwares: [String: String]
  let mcus: [String]

  /// Plays `body` behind a door of its own; after it the counters have to say what the things do.
  static func play(
    mcus: [String] = ["main"], door: Door = .router, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (RolloutWorld) async throws -> Void
  ) async throws {
    let test = try await TestService()
    try await test.createModel(mcus: mcus)
    var firmwares: [String: String] = [:]
    for mcu in mcus {
      for version in 1...3 {
        let image = imageBytes(imageSize, seed: UInt64(version))
        firmwares["\(mcu) \(version)"] = try await test.release(
          "\(version)", image, mcu: mcu, sequence: Int64(version), publish: false
        ).publicID
      }
    }
    try await test.open(door) { [firmwares] front in
      let world = RolloutWorld(test: test, front: front, firmwares: firmwares, mcus: mcus)
      try await body(world)
      _ = try await world.list()
      let wrong = try await test.catalog.wrongRolloutCounts()
      #expect(wrong.isEmpty, "\(wrong)", sourceLocation: sourceLocation)
    }
  }

  // MARK: Operators

  /// The JSON of an order for version 2: at once for all, unless the members say otherwise.
  static func order(_ members: String = "") -> String {
    var text = #"{"model":"lamp""#
    for (name, value) in [
      ("version", #""2""#), ("stages", #"["100%"]"#), ("minSample", "1"), ("soak", "0"), ("haltAt", #""never""#),
    ] where !members.contains("\"\(name)\":") && !(name == "version" && members.contains("\"firmwares\":")) {
      text += ",\"\(name)\":\(value)"
    }
    return text + (members.isEmpty ? "}" : ",\(members)}")
  }

  /// Creates a rollout.
  /// - Returns: its id.
  func create(_ members: String = "", as who: HTTPFields? = nil) async throws -> String {
    let path = "/api/v1/rollouts"
    let order = Self.order(members)
    let answer =
      if let who { try await front.send(.post, path, as: who, order) } else { try await front.operate(.post, path, order) }
    #expect(answer.status == 201, "\(answer.text)")
    return try answer.json()["id"]?.text ?? ""
  }

  /// Creates a rollout, starts it, and lets its first stage open.
  func begin(_ members: String = "") async throws -> String {
    let id = try await create(members)
    try await act("start", id)
    try await advance()
    return id
  }

  @discardableResult
  func act(
    _ verb: String, _ id: String, _ status: Int = 200, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> JSONValue {
    let answer = try await front.operate(.post, "/api/v1/rollouts/\(id)/\(verb)")
    #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
    return try answer.json()
  }

  func show(_ id: String) async throws -> JSONValue {
    let answer = try await front.operate(.get, "/api/v1/rollouts/\(id)")
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.json()
  }

  func state(_ id: String) async throws -> String { try await show(id)["state"]?.text ?? "" }

  /// How many things are where; what has none is left out.
  func counts(_ id: String) async throws -> [String: Int] { Self.counts(try await show(id)["counts"]) }

  static func counts(_ counts: JSONValue?) -> [String: Int] {
    guard case .object(let members)? = counts else { return [:] }
    return members.compactMapValues { if case .integer(let count) = $0, count > 0 { Int(count) } else { nil } }
  }

  /// The states of the stages.
  func stages(_ id: String) async throws -> [String] {
    DocumentedJourney.entries(try await show(id), "stages").compactMap { $0["state"]?.text }
  }

  func list(_ query: String = "") async throws -> JSONValue {
    let answer = try await front.operate(.get, "/api/v1/rollouts\(query)")
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.json()
  }

  func explain(_ thing: PlayedThing) async throws -> JSONValue {
    let answer = try await front.operate(.get, "/api/v1/things/\(thing.id)/explain")
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.json()
  }

  /// The reason why an MCU is offered what it is, of the closed list.
  func reason(_ thing: PlayedThing, mcu: Int = 0) async throws -> OfferReason? {
    let mcus = DocumentedJourney.entries(try await explain(thing), "mcus")
    return mcus.indices.contains(mcu) ? mcus[mcu]["reason"]?.text.flatMap(OfferReason.init) : nil
  }

  /// What the background does each second.
  func advance() async throws { try await test.service.advanceRollouts() }

  func pass(seconds: Int64) { test.clock.advance(seconds: seconds) }

  // MARK: Things

  /// A thing that runs a version on every MCU, and has said so.
  func thing(running version: String? = "1", tags: [String] = [], values: String? = nil) async throws -> PlayedThing {
    let token = try await test.activate()
    let thing = PlayedThing(id: try await test.newestThing(), token: token)
    for tag in tags {
      #expect(try await front.post("/v2/things/\(token)/tags", #"{"tag":"\#(tag)"}"#).status == 201)
    }
    if let values { try await write(thing, values) }
    if let version { for mcu in mcus { _ = try await poll(thing, "?mcu=\(mcu)&version=\(version)") } }
    return thing
  }

  func things(_ count: Int, running version: String? = "1") async throws -> [PlayedThing] {
    var things: [PlayedThing] = []
    for _ in 0..<count { things.append(try await thing(running: version)) }
    return things
  }

  /// Writes values: `"key":value` pairs.
  func write(_ thing: PlayedThing, _ values: String) async throws {
    let answer = try await front.post("/v2/things/\(thing.token)", #"{"values":[\#(values)]}"#)
    #expect(answer.status == 201, "\(answer.text)")
  }

  /// What a poll offers as an update, as `VERSION` or, with several MCUs, `MCU VERSION`.
  @discardableResult func poll(_ thing: PlayedThing, _ query: String = "") async throws -> [String] {
    let answer = try await front.get("/v2/things/\(thing.token)/firmwares/latest\(query)")
    #expect(answer.status == 200, "\(answer.text)")
    return DocumentedJourney.entries(try answer.json(), "firmwares").filter { $0["update"] == .bool(true) }.map { entry in
      (mcus.count > 1 ? (entry["mcu"]?.text ?? "") + " " : "") + (entry["version"]?.text ?? "")
    }
  }

  /// Says what runs after a boot.
  @discardableResult func boot(_ thing: PlayedThing, into version: String, mcu: String = "main") async throws -> [String] {
    try await poll(thing, "?mcu=\(mcu)&version=\(version)")
  }

  func fetch(_ thing: PlayedThing, _ version: String = "2", mcu: String = "main", _ range: String? = nil) async throws -> Answer
  {
    let path = "/v2/things/\(thing.token)/firmwares/download/\(firmwares["\(mcu) \(version)"] ?? "")"
    return try await front.get(path, range.map { [.range: "bytes=\($0)"] } ?? [:])
  }

  func report(
    _ thing: PlayedThing, _ status: String, _ version: String = "2", mcu: String = "main", code: String? = nil
  ) async throws {
    let more = code.map { #","code":"\#($0)""# } ?? ""
    try await write(
      thing, ##"{"key":"$firmware","value":{"mcu":"\##(mcu)","version":"\##(version)","status":"\##(status)"\##(more)}}"##)
  }

  /// Downloads, installs and runs what it is offered.
  /// - Parameter next: what it is offered after that.
  func update(
    _ thing: PlayedThing, to version: String = "2", mcu: String = "main", next: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let offered = try await poll(thing)
    #expect(offered.contains(mcus.count > 1 ? "\(mcu) \(version)" : version), sourceLocation: sourceLocation)
    let status = try await fetch(thing, version, mcu: mcu).status
    #expect(status == 200, sourceLocation: sourceLocation)
    try await report(thing, "installed", version, mcu: mcu)
    let after = try await boot(thing, into: version, mcu: mcu)
    #expect(after == next || mcus.count > 1, sourceLocation: sourceLocation)
  }
}
