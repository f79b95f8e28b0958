import APIContract
import Catalog
import Cryptography
import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import HTTPAPI

/// A walk over every endpoint, each answer held against the document that the service itself serves.
final class DocumentedJourney {
  private let client: ServedClient
  private let document: JSONValue
  private(set) var called: Set<String> = []
  /// The token of the user's session.
  private var session = ""
  /// What devices of the DDI door show.
  var gatewayToken = ""

  init(client: ServedClient) async throws {
    self.client = client
    let answer = try await client.executeRequest(uri: "/openapi.json", method: .get, headers: [:], body: nil)
    document = try JSONDecoder().decode(JSONValue.self, from: Data(answer.body.readableBytesView))
    #expect(document["openapi"]?.text == "3.1.0")
  }

  /// Calls an endpoint and checks that status, content type and body are as the document says.
  @discardableResult func call(
    _ endpoint: Endpoint, _ path: String, _ status: Int, body: [UInt8]? = nil, headers: HTTPFields = [:]
  ) async throws -> JSONValue {
    called.insert(endpoint.id)
    var headers = headers
    if endpoint.access == .users, headers[.authorization] == nil { headers[.authorization] = session }
    if endpoint.access == .controllers, headers[.authorization] == nil {
      headers[.authorization] = "GatewayToken \(gatewayToken)"
    }
    if endpoint.access == .operators, headers[.authorization] == nil {
      headers[.authorization] = "Bearer \(TestService.token)"
    }
    let answer = try await client.executeRequest(
      uri: path, method: endpoint.httpMethod, headers: headers, body: body.map { ByteBuffer(bytes: $0) })
    #expect(answer.status.code == status, "\(endpoint.id): \(String(buffer: answer.body))")
    let documented = document["paths"]?[endpoint.template]?[endpoint.method.rawValue]?["responses"]?[String(status)]
    guard let documented else {
      Issue.record("\(endpoint.id): the document has no answer of status \(status)")
      return .null
    }
    guard endpoint.method != .head, case .object(let content)? = documented["content"] else { return .null }
    guard let type = content.keys.first(where: { answer.headers[.contentType]?.hasPrefix($0) == true }) else {
      Issue.record("\(endpoint.id): \(answer.headers)")
      return .null
    }
    guard type.hasSuffix("json"), let schema = content[type]?["schema"] else { return .null }
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(answer.body.readableBytesView))
    if endpoint.id != "openAPI" {
      let faults = SchemaCheck.faults(of: value, against: schema)
      #expect(faults.isEmpty, "\(endpoint.id) \(status): \(faults)")
    }
    return value
  }

  /// The role that the document says an endpoint needs.
  func role(of endpoint: Endpoint) -> String? {
    document["paths"]?[endpoint.template]?[endpoint.method.rawValue]?["x-role"]?.text
  }

  func run(_ test: TestService) async throws {
    try await service()
    try await models(test)
    let firmware = try await firmwares(test)
    let (thing, token) = try await codesAndThings()
    try await updaters(token)
    try await thingSide(token, firmware)
    try await accounts(thing, token, test)
    try await live(token)
    try await care(for: thing)
    try await mails(test)
    try await operators()
    try await sessions(test)
    try await rollouts(test)
    try await webhooks(test)
    try await controllers(test)
    try await problems()
  }

  private func service() async throws {
    try await call(Endpoints.health, "/healthz", 200)
    try await call(Endpoints.readiness, "/readyz", 200)
    try await call(Endpoints.metrics, "/metrics", 200)
    try await call(Endpoints.openAPI, "/openapi.json", 200)
    try await call(Endpoints.showOperator, "/api/v1/operator", 200)
    try await call(Endpoints.showStatus, "/api/v1/status", 200)
    try await call(Endpoints.listAudit, "/api/v1/audit?limit=1", 200)
    try await call(Endpoints.verifyStore, "/api/v1/store/verification", 200)
  }

  private func models(_ test: TestService) async throws {
    let model = Array("{\"name\":\"lamp\",\"mcus\":[\"main\"]}".utf8)
    try await call(Endpoints.createModel, "/api/v1/models", 201, body: model)
    try await call(Endpoints.createModel, "/api/v1/models", 200, body: model)
    try await call(Endpoints.createModel, "/api/v1/models", 409, body: Array("{\"name\":\"lamp\",\"mcus\":[\"x\"]}".utf8))
    try await call(Endpoints.listModels, "/api/v1/models", 200)
    try await call(Endpoints.showModel, "/api/v1/models/lamp", 200)
    try await call(Endpoints.showModel, "/api/v1/models/none", 404)
    try await settings()
    try await call(Endpoints.setRetention, "/api/v1/models/lamp/retention", 200, body: Array("{\"age\":86400}".utf8))
    try await call(Endpoints.setRetention, "/api/v1/models/lamp/retention", 400, body: Array("{\"values\":0}".utf8))
    let key = try JSONText.encode(NewTrustedKey(pem: try test.key.publicKey.pem, name: "mine"))
    try await call(Endpoints.trustKey, "/api/v1/models/lamp/keys", 201, body: key)
    try await call(Endpoints.trustKey, "/api/v1/models/lamp/keys", 200, body: key)
    try await call(Endpoints.trustKey, "/api/v1/models/lamp/keys", 400, body: Array("{\"pem\":\"x\"}".utf8))
    try await call(Endpoints.listKeys, "/api/v1/models/lamp/keys", 200)
    try await call(Endpoints.revokeKey, "/api/v1/models/lamp/keys/none", 404)
  }

  private func firmwares(_ test: TestService) async throws -> String {
    let image = Array("an image of a lamp".utf8)
    let (digest, envelope) = try test.envelope(of: image, model: "lamp", mcu: "main", version: "1.0.0", sequence: 1)
    let path = Endpoints.storeImage.path("\(digest)")
    try await call(Endpoints.registerFirmware, "/api/v1/firmwares", 422, body: envelope)
    try await call(Endpoints.probeImage, path, 404)
    try await call(Endpoints.storeImage, path, 422, body: Array("other bytes".utf8))
    try await call(Endpoints.storeImage, path, 416, body: [1], headers: [.contentRange: "bytes 5-5/6"])
    try await call(Endpoints.storeImage, path, 201, body: image)
    try await call(Endpoints.storeImage, path, 200, body: image)
    try await call(Endpoints.storeImage, "/api/v1/images/nothing", 400, body: image)
    try await call(Endpoints.probeImage, path, 200)
    let firmware = try await call(Endpoints.registerFirmware, "/api/v1/firmwares?publish=true", 201, body: envelope)
    try await call(Endpoints.registerFirmware, "/api/v1/firmwares", 200, body: envelope)
    let old = try test.envelope(of: image, model: "lamp", mcu: "main", version: "1.0.1", sequence: 1)
    try await call(Endpoints.registerFirmware, "/api/v1/firmwares", 409, body: old.json)
    try await call(Endpoints.listFirmwares, "/api/v1/firmwares?model=lamp", 200)
    let id = firmware["id"]?.text ?? ""
    try await call(Endpoints.showFirmware, Endpoints.showFirmware.path(id), 200)
    try await call(Endpoints.showManifest, Endpoints.showManifest.path(id), 200)
    try await call(Endpoints.withdrawFirmware, Endpoints.withdrawFirmware.path(id), 200)
    try await call(Endpoints.publishFirmware, Endpoints.publishFirmware.path(id), 200)
    try await call(Endpoints.publishFirmware, Endpoints.publishFirmware.path("none"), 404)
    return id
  }

  private func codesAndThings() async throws -> (thing: String, token: String) {
    let codes = try await call(
      Endpoints.createCodes, "/api/v1/codes", 201, body: Array("{\"model\":\"lamp\",\"count\":2}".utf8))
    try await call(Endpoints.createCodes, "/api/v1/codes", 400, body: Array("{\"model\":\"lamp\",\"count\":0}".utf8))
    guard case .array(let list)? = codes["codes"], let code = list.first?["code"]?.text else { throw CancellationError() }
    let activation = Array("{\"activationCode\":\"\(code)\"}".utf8)
    let thing = try await call(Endpoints.activateThing, "/v2/things", 201, body: activation)
    try await call(Endpoints.activateThing, "/v2/things", 403, body: activation)
    try await call(Endpoints.activateThing, "/v2/things", 400, body: Array("{".utf8))
    try await call(Endpoints.listCodes, "/api/v1/codes?unused=true", 200)
    let imported = Array("{\"things\":[{\"model\":\"lamp\",\"token\":\"\(String(repeating: "x", count: 43))\"}]}".utf8)
    try await call(Endpoints.importThings, "/api/v1/things/import", 200, body: imported)
    let things = try await call(Endpoints.listThings, "/api/v1/things?limit=1&after=2", 200)
    guard case .array(let entries)? = things["things"] else { throw CancellationError() }
    return (entries.first?["id"]?.text ?? "", thing["thingToken"]?.text ?? "")
  }

  private func thingSide(_ token: String, _ firmware: String) async throws {
    let latest = Endpoints.latestFirmwares.path(token)
    try await call(Endpoints.latestFirmwares, latest, 200)
    try await call(Endpoints.latestFirmwares, latest + "?mcu=other&version=1", 400)
    try await call(Endpoints.latestFirmwares, Endpoints.latestFirmwares.path("none"), 404)
    let download = Endpoints.downloadFirmware.path(token, firmware)
    try await call(Endpoints.downloadFirmware, download, 200)
    try await call(Endpoints.downloadFirmware, download, 206, headers: [.range: "bytes=0-3"])
    try await call(Endpoints.downloadFirmware, download, 416, headers: [.range: "bytes=1000-"])
    try await call(Endpoints.downloadFirmware, Endpoints.downloadFirmware.path(token, "none"), 404)
    try await call(Endpoints.downloadManifest, Endpoints.downloadManifest.path(token, firmware), 200)
    let report = "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"version\":\"1.0.0\",\"status\":\"installed\",\"code\":7}}]}"
    try await call(Endpoints.writeResources, Endpoints.writeResources.path(token), 201, body: Array(report.utf8))
    try await call(Endpoints.writeResources, Endpoints.writeResources.path(token), 400, body: Array("{}".utf8))
    try await call(Endpoints.readResource, Endpoints.readResource.path(token, "$firmware"), 200)
    try await call(Endpoints.readResource, Endpoints.readResource.path(token, "never"), 404)
    let values = "{\"values\":[{\"key\":\"led\",\"value\":1,\"geo\":{\"lat\":1,\"long\":2}}]}"
    try await call(Endpoints.writeResources, Endpoints.writeResources.path(token), 201, body: Array(values.utf8))
    try await call(Endpoints.readResource, Endpoints.readResource.path(token, "led"), 200)
    try await call(Endpoints.readResource, Endpoints.readResource.path(token, "led") + "?startDate=x", 400)
    try await call(Endpoints.listResources, Endpoints.listResources.path(token), 200)
    try await call(Endpoints.readAllResources, Endpoints.readAllResources.path(token), 200)
    try await call(Endpoints.describeThing, Endpoints.describeThing.path(token), 200, body: Array("{\"name\":\"x\"}".utf8))
    try await call(Endpoints.describeThing, Endpoints.describeThing.path(token), 400, body: Array("7".utf8))
    try await call(Endpoints.readDescription, Endpoints.readDescription.path(token), 200)
    try await call(Endpoints.addTags, Endpoints.addTags.path(token), 201, body: Array("{\"tag\":\"canary\"}".utf8))
    try await call(Endpoints.addTags, Endpoints.addTags.path(token), 201, body: Array("[\"a\",\"b\"]".utf8))
    try await call(Endpoints.listTags, Endpoints.listTags.path(token), 200)
    try await call(Endpoints.removeTag, Endpoints.removeTag.path(token, "canary"), 200)
    try await call(Endpoints.removeTag, Endpoints.removeTag.path(token, "canary"), 404)
    try await call(Endpoints.currentDate, "/v2/utils/date?format=unix_timestamp", 200)
  }

  private func updaters(_ token: String) async throws {
    let ask = Endpoints.askAsSWUpdate.path(token)
    try await call(Endpoints.askAsSWUpdate, ask + "?serial=42", 302)
    try await call(Endpoints.askAsSWUpdate, ask + "?sw_version=%01", 400)
    try await call(Endpoints.askAsSWUpdate, Endpoints.askAsSWUpdate.path("none"), 401)
    try await call(Endpoints.pollAsRAUC, Endpoints.pollAsRAUC.path(token), 200)
    try await call(Endpoints.pollAsRAUC, Endpoints.pollAsRAUC.path(token), 206, headers: [.range: "bytes=0-3"])
    try await call(Endpoints.pollAsRAUC, Endpoints.pollAsRAUC.path(token), 416, headers: [.range: "bytes=1000-"])
    try await call(Endpoints.pollAsRAUC, Endpoints.pollAsRAUC.path("none"), 401)
    try await call(Endpoints.logAsSWUpdate, Endpoints.logAsSWUpdate.path(token), 200, body: Array("started,1".utf8))
    try await call(Endpoints.logAsSWUpdate, Endpoints.logAsSWUpdate.path("none"), 401, body: [])
    try await call(Endpoints.askAsSWUpdate, ask + "?sw_version=1.0.0", 404)
    try await call(Endpoints.pollAsRAUC, Endpoints.pollAsRAUC.path(token), 204)
  }

  private func live(_ token: String) async throws {
    try await call(Endpoints.subscribeThing, Endpoints.subscribeThing.path(token), 200)
    try await call(Endpoints.subscribeThing, Endpoints.subscribeThing.path("none"), 404)
  }

  private func care(for thing: String) async throws {
    try await call(Endpoints.showThing, Endpoints.showThing.path(thing), 200)
    try await call(Endpoints.showThing, Endpoints.showThing.path("none"), 404)
    try await call(Endpoints.showThingToken, Endpoints.showThingToken.path(thing), 200)
    try await call(Endpoints.rotateThingToken, Endpoints.rotateThingToken.path(thing), 201, body: Array("{}".utf8))
    try await history(of: thing)
    try await call(Endpoints.retryThing, Endpoints.retryThing.path(thing), 200)
    try await call(Endpoints.resetThing, Endpoints.resetThing.path(thing), 200)
    try await call(Endpoints.retireThing, Endpoints.retireThing.path(thing), 200)
    try await call(Endpoints.resetThing, Endpoints.resetThing.path(thing), 409)
    try await call(Endpoints.showStatus, "/api/v1/status?model=lamp", 200)
    try await call(Endpoints.showFleet, "/api/v1/fleet?silentFor=60", 200)
    try await call(Endpoints.showFleet, "/api/v1/fleet?model=none", 404)
    try await call(Endpoints.listThings, "/api/v1/things?where=mcu.main.version==9%20or%20tag==a", 200)
    try await call(Endpoints.listThings, "/api/v1/things?where=tag", 400)
    try await call(Endpoints.listAudit, "/api/v1/audit", 200)
    try await call(Endpoints.showVersionSpread, "/api/v1/fleet/versions?model=lamp&points=3", 200)
    try await call(Endpoints.showVersionSpread, "/api/v1/fleet/versions?model=lamp&points=0", 400)
    try await call(Endpoints.showVersionSpread, "/api/v1/fleet/versions?model=none", 404)
    let keys = try await call(Endpoints.listKeys, "/api/v1/models/lamp/keys", 200)
    guard case .array(let list)? = keys["keys"], let key = list.first?["id"]?.text else { throw CancellationError() }
    try await call(Endpoints.revokeKey, Endpoints.revokeKey.path("lamp", key), 200)
  }

  private func accounts(_ thing: String, _ token: String, _ test: TestService) async throws {
    let credentials = Array(#"{"email":"ada@example.com","password":"a long password","app":"app1"}"#.utf8)
    try await call(Endpoints.createApp, "/api/v1/apps", 201, body: Array(#"{"name":"app1"}"#.utf8))
    try await call(Endpoints.createApp, "/api/v1/apps", 200, body: Array(#"{"name":"app1"}"#.utf8))
    try await call(Endpoints.createApp, "/api/v1/apps", 400, body: Array(#"{"name":""}"#.utf8))
    try await call(Endpoints.listApps, "/api/v1/apps", 200)
    try await call(Endpoints.register, "/v2/register", 201, body: credentials)
    try await call(Endpoints.register, "/v2/register", 409, body: credentials)
    try await call(Endpoints.registerInApp, "/v2/apps/app1/register", 409, body: credentials)
    try await call(Endpoints.register, "/v2/register", 415, body: [0x80], headers: [.contentType: "application/msgpack"])
    try await call(Endpoints.logIn, "/v2/login", 401, body: Array(#"{"email":"a@b","password":"x","app":"app1"}"#.utf8))
    try await call(Endpoints.logIn, "/v2/login", 403, body: Array(#"{"email":"a@b","password":"x","app":"no"}"#.utf8))
    let opened = try await call(Endpoints.logIn, "/v2/login", 200, body: credentials)
    session = opened["token"]?.text ?? ""
    try await call(Endpoints.showSession, "/v2", 200)
    let same = #"{"currentPassword":"a long password","password":"a long password"}"#
    try await call(Endpoints.changePassword, "/v2/me", 200, body: Array(same.utf8))
    try await call(Endpoints.readSettings, "/v2/me/settings", 200)
    try await call(Endpoints.changeSettings, "/v2/me/settings", 200, body: Array(#"{"a":1}"#.utf8))
    try await call(Endpoints.changeSettings, "/v2/me/settings", 400, body: Array("[]".utf8))
    try await objects()
    let other = try await test.user("bob@example.com", app: "app1")
    try await links(thing, token, other: [.authorization: other])
    try await myResources(thing, token)
    try await shares(thing, other: [.authorization: other], test)
    let users = try await call(Endpoints.listUsers, "/api/v1/users?app=app1", 200)
    guard case .array(let list)? = users["users"], let id = list.first?["id"]?.text else { throw CancellationError() }
    try await call(Endpoints.endSessions, Endpoints.endSessions.path(id), 200)
    try await call(Endpoints.endSessions, Endpoints.endSessions.path("none"), 404)
  }

  private func mails(_ test: TestService) async throws {
    for number in 1...2 {
      let mail = try test.service.sealedMail(
        to: "u\(number)@example.org", subject: "Hello", text: "a link", at: TestService.now)
      try await test.catalog.queue(mail)
    }
    let first = try await call(Endpoints.listMails, "/api/v1/mails?limit=1", 200)
    #expect(Self.entries(first, "mails").first?["to"]?.text == "u2@example.org")
    #expect(Self.entries(first, "mails").first?["text"]?.text == "a link")
    let second = try await call(Endpoints.listMails, "/api/v1/mails?after=\(first["next"]?.text ?? "")", 200)
    #expect(Self.entries(second, "mails").first?["to"]?.text == "u1@example.org" && second["next"] == .null)
    try await call(Endpoints.listMails, "/api/v1/mails?after=x", 400)
    let audit = try await call(Endpoints.listAudit, "/api/v1/audit?limit=2", 200)
    #expect(Self.entries(audit, "entries").map { $0["action"]?.text } == ["mail.read", "mail.read"])
  }

  static func entries(_ list: JSONValue, _ name: String) -> [JSONValue] {
    if case .array(let entries)? = list[name] { entries } else { [] }
  }

  private func objects() async throws {
    let (path, object) = ("/v2/classes/me/notes", Array(#"{"_id":"k","a":[1]}"#.utf8))
    try await call(Endpoints.createObject, path, 201, body: object)
    try await call(Endpoints.createObject, path, 409, body: object)
    try await call(Endpoints.createObjectByKey, path + "/m", 201, body: Array("{}".utf8))
    try await call(Endpoints.listObjects, path, 200)
    try await call(Endpoints.listObjects, path + "?subscribe=true", 200)
    try await call(Endpoints.listObjects, path + "?limit=x", 400)
    try await call(Endpoints.readObject, path + "/k", 200)
    try await call(Endpoints.readObject, path + "/none", 404)
    try await call(Endpoints.updateObject, path + "/k", 200, body: object)
    try await call(Endpoints.updateObject, path + "/k", 400, body: Array("[]".utf8))
    try await call(Endpoints.updateObjectByOldPath, "/v2/things/notes/k", 200, body: object)
    try await call(Endpoints.updateObjectByOldPath, "/v2/things/notes/none", 404, body: Array("{}".utf8))
    try await call(Endpoints.deleteObject, path + "/k", 200)
    try await call(Endpoints.deleteObject, path + "/k", 404)
    try await call(Endpoints.deleteCollection, path, 200)
  }

  private func problems() async throws {
    for endpoint in Endpoints.all where endpoint.access == .operators || endpoint.access == .users {
      try await call(
        endpoint, endpoint.template.replacing("{", with: "").replacing("}", with: ""), 401,
        headers: [.authorization: "Bearer wrong"])
    }
  }
}
