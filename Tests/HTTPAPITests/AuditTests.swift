import APIContract
import Cryptography
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// A store with one of everything, and what it takes to change each.
private struct AuditedWorld {
  let test: TestService
  let front: FrontDoor
  let held: String
  let offered: String
  let thing: String
  let user: String
  let person: String
  /// Rollouts by the change that they wait for.
  let rollouts: [String: String]
  let webhook: String

  init(_ test: TestService, _ front: FrontDoor) async throws {
    self.test = test
    self.front = front
    try await test.createModel()
    try await test.createModel("fan")
    let gateway = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").token
    _ = try await test.service.setModel(
      "lamp", fourEyes: nil, pollInterval: nil, deviceDoor: DeviceDoorChange(unknownThings: .hold), by: "ada")
    let waiting = try await front.get("/DEFAULT/controller/v1/dev", [.authorization: "GatewayToken \(gateway)"])
    #expect(waiting.status == 200, "\(waiting.text)")
    _ = try await test.service.setModel("fan", fourEyes: true, pollInterval: nil, by: "ada")
    held = try await test.release("1", imageBytes(30), sequence: 1, publish: false).publicID
    offered = try await test.release("2", imageBytes(30, seed: 2), sequence: 2).publicID
    let token = try await test.activate()
    thing = try await test.newestThing()
    let report = #"{"values":[{"key":"$firmware","value":{"version":"2","status":"failed"}}]}"#
    #expect(try await front.post("/v2/things/\(token)", report).status == 201)
    let session = try await test.user()
    #expect(try await front.ask(.post, "/v2/me/things", as: session, #"{"thingToken":"\#(token)"}"#).status == 200)
    user = try await test.service.listUsers(app: nil, PageRequest(limit: 1, after: nil)).entries[0].user.publicID
    person = try await test.admit("carol", .viewer).id
    var rollouts: [String: String] = [:]
    for (verb, before) in [
      ("start", []), ("pause", ["start"]), ("resume", ["start", "pause"]), ("cancel", ["start"]), ("revert", ["start"]),
    ] {
      rollouts[verb] = try await test.draft()
      for action in before {
        _ = try await test.service.changeRollout(rollouts[verb] ?? "", RolloutAction(rawValue: action)!, by: "ada")
      }
    }
    rollouts["approve"] = try await test.draft("fan")
    self.rollouts = rollouts
    // What is to be reverted has to know of a thing what it ran before.
    let other = try await test.activate()
    try await test.service.advanceRollouts()
    let poll = try await front.get("/v2/things/\(other)/firmwares/latest?version=1")
    #expect(DocumentedJourney.entries(try poll.json(), "firmwares").first?["update"] == .bool(true), "\(poll.text)")
    // Writes down what was offered.
    try await test.service.advanceRollouts()
    webhook = try await test.service.createWebhook(url: "https://hooks.example.org/", events: nil, models: nil, by: "ada")
      .webhook.publicID
  }
}

/// One change: where, with what, and what the audit log tells of it.
private struct Deed: Sendable {
  let action: String
  let hasBefore: Bool
  let path: @Sendable (AuditedWorld) throws -> String
  var body: @Sendable (AuditedWorld) async throws -> [UInt8] = { _ in [] }

  init(
    _ action: String, hasBefore: Bool = true, _ path: @escaping @Sendable (AuditedWorld) throws -> String, _ body: String = ""
  ) {
    self.action = action
    self.hasBefore = hasBefore
    self.path = path
    self.body = { _ in Array(body.utf8) }
  }

  static let all: [String: Deed] = {
    let image = imageBytes(70, seed: 7)
    var deeds: [String: Deed] = [
      "createModel": Deed("model.create", hasBefore: false, { _ in "models" }, #"{"name":"bell","mcus":["a"]}"#),
      "setModel": Deed("model.set", { _ in "models/lamp" }, #"{"fourEyes":true}"#),
      "setRetention": Deed("model.retain", { _ in "models/lamp/retention" }, #"{"values":5}"#),
      "trustKey": Deed("model.trust", hasBefore: false, { _ in "models/lamp/keys" }),
      "revokeKey": Deed("model.revoke", { "models/lamp/keys/\(try $0.test.key.publicKey.id)" }),
      "gatewayToken": Deed("model.rotateGatewayToken", { _ in "models/lamp/gateway-token" }, #"{"rotate":true}"#),
      "storeImage": Deed(
        "image.store", hasBefore: false, { _ in "images/\(ImageDigest(bytes: SHA256Hasher.digest(of: image))!)" }),
      "registerFirmware": Deed("firmware.register", hasBefore: false, { _ in "firmwares" }),
      "publishFirmware": Deed("firmware.publish", { "firmwares/\($0.held)/publication" }),
      "withdrawFirmware": Deed("firmware.withdraw", { "firmwares/\($0.offered)/publication" }),
      "createCodes": Deed("code.create", hasBefore: false, { _ in "codes" }, #"{"model":"lamp","count":1}"#),
      "rotateThingToken": Deed("thing.rotateToken", { "things/\($0.thing)/token" }, "{}"),
      "resetThing": Deed("thing.reset", { "things/\($0.thing)/reset" }),
      "retireThing": Deed("thing.retire", { "things/\($0.thing)/retirement" }),
      "retryThing": Deed("thing.retry", { "things/\($0.thing)/retry" }),
      "importThings": Deed(
        "thing.import", hasBefore: false, { _ in "things/import" },
        #"{"things":[{"model":"lamp","token":"\#(String(repeating: "x", count: 43))"}]}"#),
      "allowLink": Deed("thing.allowLink", { "things/\($0.thing)/link" }, #"{"allow":true}"#),
      "endLink": Deed("thing.unlink", { "things/\($0.thing)/link" }),
      "admitController": Deed("controller.admit", { _ in "controllers/dev/admission" }),
      "refuseController": Deed("controller.refuse", { _ in "controllers/dev" }),
      "refuseControllers": Deed("controller.refuseAll", { _ in "controllers?waiting=true&model=lamp" }),
      "createApp": Deed("app.create", hasBefore: false, { _ in "apps" }, #"{"name":"shop"}"#),
      "endSessions": Deed("user.logout", { "users/\($0.user)/sessions" }),
      "createRollout": Deed("rollout.create", hasBefore: false, { _ in "rollouts" }, #"{"model":"lamp","version":"2"}"#),
      "revertRollout": Deed("rollout.revert", { "rollouts/\($0.rollouts["revert"] ?? "")/revert" }),
      "createWebhook": Deed("webhook.create", hasBefore: false, { _ in "webhooks" }, #"{"url":"https://example.org"}"#),
      "deleteWebhook": Deed("webhook.delete", { "webhooks/\($0.webhook)" }),
      "testWebhook": Deed("webhook.test", hasBefore: false, { "webhooks/\($0.webhook)/test" }),
      "createOperator": Deed("operator.create", hasBefore: false, { _ in "operators" }, #"{"name":"x","role":"viewer"}"#),
      "revokeOperator": Deed("operator.revoke", { "operators/\($0.person)" }),
    ]
    for action in RolloutAction.allCases {
      let verb = action.rawValue
      deeds["\(verb)Rollout"] = Deed("rollout.\(verb)", { "rollouts/\($0.rollouts[verb] ?? "")/\(verb)" })
    }
    deeds["trustKey"]?.body = { _ in
      try JSONText.encode(NewTrustedKey(pem: try PrivateKey.generate(.ed25519).publicKey.pem, name: "other"))
    }
    deeds["storeImage"]?.body = { _ in image }
    deeds["registerFirmware"]?.body = { world in
      _ = try await world.test.store(image)
      return try world.test.envelope(of: image, version: "3", sequence: 3).json
    }
    return deeds
  }()
}

@Suite("The audit log") struct AuditTests {
  private static let changes = Endpoints.all.filter { $0.access == .operators && $0.isChange }.map(\.id)

  @Test func `is asked about every change that the contract has`() {
    #expect(Set(Self.changes) == Set(Deed.all.keys), "an operators' change is missing here, or is none any more")
  }

  @Test(arguments: changes) func `tells who did what, and what was before and after`(id: String) async throws {
    let deed = try #require(Deed.all[id])
    let endpoint = try #require(Endpoints.all.first { $0.id == id })
    let test = try await TestService()
    let who = try await test.admit("bob", .administrator).header
    try await test.open(.router) { front in
      let world = try await AuditedWorld(test, front)
      let body = try await deed.body(world)
      let newest = try await front.operate(.get, "/api/v1/audit?limit=1000").json()
      let path = "/api/v1/" + (try deed.path(world))
      let answer = try await front.send(endpoint.httpMethod, path, who, body: body)
      #expect((200..<300).contains(answer.status), "\(answer.text)")
      let list = try await front.operate(.get, "/api/v1/audit?limit=1000").json()
      let entries = DocumentedJourney.entries(list, "entries")
      #expect(entries.count == DocumentedJourney.entries(newest, "entries").count + 1)
      let entry = try #require(entries.first)
      #expect(entry["actor"]?.text == "bob" && entry["action"]?.text == deed.action)
      guard case .object(let after)? = entry["after"] else {
        Issue.record("\(id): nothing after")
        return
      }
      #expect(!after.isEmpty)
      if deed.hasBefore {
        guard case .object(let before)? = entry["before"] else {
          Issue.record("\(id): nothing before")
          return
        }
        #expect(!before.isEmpty && before != after, "\(before) \(after)")
      } else {
        #expect(entry["before"] == nil)
      }
    }
  }

  @Test func `says exactly what a setting was and is, and nothing of a change that changed nothing`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.open(.router) { front in
      let path = "/api/v1/models/lamp"
      #expect(try await front.operate(.patch, path, #"{"fourEyes":true,"pollInterval":60}"#).status == 200)
      #expect(try await front.operate(.patch, path, #"{"fourEyes":true}"#).status == 200)
      #expect(try await front.operate(.patch, path, #"{"fourEyes":false}"#).status == 200)
      let list = try await front.operate(.get, "/api/v1/audit?limit=3").json()
      let entries = DocumentedJourney.entries(list, "entries")
      #expect(entries.map { $0["action"]?.text } == ["model.set", "model.set", "model.trust"])
      func state(_ eyes: String, _ interval: String) -> JSONValue {
        .object([
          "fourEyes": .string(eyes), "pollInterval": .string(interval), "unknownThings": .string("accept"),
          "versionAttribute": .string("sw_version"), "trustsReports": .string("false"),
        ])
      }
      #expect(entries[1]["before"] == state("off", "300") && entries[1]["after"] == state("on", "60"))
      #expect(entries[0]["before"] == state("on", "60") && entries[0]["after"] == state("off", "60"))
    }
  }
}
