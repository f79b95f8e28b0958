import APIContract
import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// The DDI door, and its operators' side, held against the document.
extension DocumentedJourney {
  func controllers(_ test: TestService) async throws {
    try await test.createModel("panel")
    _ = try await test.service.setModel(
      "panel", fourEyes: nil, pollInterval: nil, deviceDoor: DeviceDoorChange(unknownThings: .hold), by: "ada")
    gatewayToken = try await test.service.gatewayToken(ofModel: "panel", rotate: false, overlap: nil, by: "ada").token
    try await call(Endpoints.pollController, path(Endpoints.pollController), 200)
    try await call(Endpoints.pollController, Endpoints.pollController.path("DEFAULT", "other"), 200)
    try await call(Endpoints.listControllers, "/api/v1/controllers?waiting=true&model=panel", 200)
    try await call(Endpoints.listControllers, "/api/v1/controllers?model=none", 404)
    try await call(Endpoints.admitController, Endpoints.admitController.path("dev"), 200)
    try await call(Endpoints.admitController, Endpoints.admitController.path("none"), 404)
    try await call(Endpoints.refuseController, Endpoints.refuseController.path("other"), 200)
    try await call(Endpoints.refuseController, Endpoints.refuseController.path("none"), 404)
    try await call(Endpoints.refuseControllers, "/api/v1/controllers?waiting=true&model=panel", 200)
    try await call(Endpoints.refuseControllers, "/api/v1/controllers?waiting=true&model=none", 404)
    try await call(Endpoints.refuseControllers, "/api/v1/controllers?model=panel", 400)
    try await call(Endpoints.listControllers, "/api/v1/controllers", 200)
    try await call(Endpoints.listThings, "/api/v1/things?limit=1", 200)
    try await attributes()
    try await confirmed(test)
    try await delivered(test)
    try await cancelled(test)
  }

  private func attributes() async throws {
    let poll = path(Endpoints.pollController)
    for headers: HTTPFields in [
      [.authorization: "GatewayToken x"], [.authorization: "TargetToken x"], [.authorization: "Bearer \(TestService.token)"],
    ] { try await call(Endpoints.pollController, poll, 401, headers: headers) }
    try await call(Endpoints.pollController, poll, 406, headers: [.accept: "application/cbor"])
    try await call(Endpoints.pollController, poll, 200, headers: [.accept: "application/json"])
    let data = path(Endpoints.putConfigData)
    try await call(
      Endpoints.putConfigData, data, 200, body: Array(#"{"mode":"merge","data":{"sw_version":"1","hw":"a","x":null}}"#.utf8))
    for body in ["{}", #"{"data":{}}"#, #"{"mode":"other","data":{"a":"b"}}"#, #"{"data":{"a":["b"]}}"#] {
      try await call(Endpoints.putConfigData, data, 400, body: Array(body.utf8))
    }
    try await call(Endpoints.putConfigData, data, 415, body: [0xA0], headers: [.contentType: "application/cbor"])
    let many = (0...100).map { "\"a\($0)\":\"\"" }.joined(separator: ",")
    try await call(Endpoints.putConfigData, data, 429, body: Array("{\"data\":{\(many)}}".utf8))
  }

  /// A rollout that asks for consent, from its offer to the device's agreement.
  private func confirmed(_ test: TestService) async throws {
    let first = try await test.release("2", imageBytes(50, seed: 81), model: "panel", sequence: 2, publish: false)
    var plan = RolloutPlan()
    plan.consent = true
    try await test.start(first, plan)
    try await call(Endpoints.readConfirmationState, path(Endpoints.readConfirmationState), 200)
    let id = try await linked("confirmationBase")
    let place = path(Endpoints.readConfirmation, id)
    try await call(Endpoints.readConfirmation, place + "?actionHistory=-1", 200)
    try await call(Endpoints.readConfirmation, place + "?actionHistory=x", 400)
    try await call(Endpoints.readConfirmation, path(Endpoints.readConfirmation, "999"), 404)
    let answer = path(Endpoints.confirmDeployment, id)
    try await call(
      Endpoints.confirmDeployment, answer, 200, body: Array(#"{"confirmation":"denied","code":-1,"details":["no"]}"#.utf8))
    try await call(Endpoints.confirmDeployment, answer, 400, body: Array(#"{"confirmation":"perhaps"}"#.utf8))
    try await call(Endpoints.readConfirmation, place + "?actionHistory=5", 200)
    let activate = path(Endpoints.activateAutoConfirm)
    try await call(Endpoints.activateAutoConfirm, activate, 200, body: Array(#"{"initiator":"me","remark":"all"}"#.utf8))
    try await call(Endpoints.activateAutoConfirm, activate, 409, body: Array("{}".utf8))
    let agreed = try await call(Endpoints.readConfirmationState, path(Endpoints.readConfirmationState), 200)
    #expect(agreed["autoConfirm"]?["active"] == .bool(true) && agreed["autoConfirm"]?["initiator"]?.text == "me")
    try await call(Endpoints.deactivateAutoConfirm, path(Endpoints.deactivateAutoConfirm), 200)
    try await call(Endpoints.confirmDeployment, answer, 404, body: Array(#"{"confirmation":"confirmed"}"#.utf8))
  }

  /// The same update on its way, until the device runs it.
  private func delivered(_ test: TestService) async throws {
    let id = try await linked("deploymentBase")
    let deployment = try await call(Endpoints.readDeployment, path(Endpoints.readDeployment, id) + "?c=1&actionHistory=5", 200)
    #expect(deployment["deployment"]?["download"]?.text == "attempt" && deployment["actionHistory"] != nil)
    try await call(Endpoints.readDeployment, path(Endpoints.readDeployment, "999"), 404)
    try await call(Endpoints.readDeployment, path(Endpoints.readDeployment, "x"), 400)
    let chunk = try #require(Self.entries(deployment["deployment"] ?? .null, "chunks").first)
    let artifact = try #require(Self.entries(chunk, "artifacts").first)
    let href = try #require(artifact["_links"]?["download-http"]?["href"]?.text)
    let download = "/" + href.split(separator: "/").drop { $0 != "DEFAULT" }.joined(separator: "/")
    try await call(Endpoints.downloadArtifact, download, 200)
    try await call(Endpoints.downloadArtifact, download + ".MD5SUM", 200)
    try await call(Endpoints.downloadArtifact, download, 206, headers: [.range: "bytes=5-"])
    try await call(Endpoints.downloadArtifact, download, 416, headers: [.range: "bytes=50-"])
    try await call(Endpoints.downloadArtifact, download, 412, headers: [.ifMatch: "other"])
    try await call(Endpoints.downloadArtifact, download + "x", 404)
    let list = String(download[..<(try #require(download.lastIndex(of: "/")))])
    try await call(Endpoints.listArtifacts, list, 200)
    try await call(Endpoints.listArtifacts, path(Endpoints.listArtifacts, "999"), 404)
    let place = path(Endpoints.reportDeployment, id)
    try await call(Endpoints.reportDeployment, place, 200, body: Self.feedback("proceeding", "none"))
    try await call(Endpoints.reportDeployment, place, 400, body: Self.feedback("sleeping", "none"))
    try await call(
      Endpoints.reportDeployment, path(Endpoints.reportDeployment, "999"), 404, body: Self.feedback("proceeding", "none"))
    try await call(Endpoints.reportDeployment, place, 200, body: Self.feedback("closed", "success"))
    try await call(Endpoints.reportDeployment, place, 410, body: Self.feedback("proceeding", "none"))
    try await call(
      Endpoints.putConfigData, path(Endpoints.putConfigData), 200, body: Array(#"{"data":{"sw_version":"2"}}"#.utf8))
    let installed = try await linked("installedBase")
    #expect(installed == id)
    try await call(Endpoints.readInstalled, path(Endpoints.readInstalled, installed) + "?actionHistory=1", 200)
    try await call(Endpoints.readInstalled, path(Endpoints.readInstalled, "999"), 404)
    try await call(Endpoints.putInstalled, path(Endpoints.putInstalled), 200, body: Self.installed("2"))
    try await call(Endpoints.putInstalled, path(Endpoints.putInstalled), 404, body: Self.installed("9"))
    try await call(Endpoints.putInstalled, path(Endpoints.putInstalled), 400, body: Array("{}".utf8))
    try await call(Endpoints.showThing, Endpoints.showThing.path("dev"), 200)
    try await call(Endpoints.explainThing, Endpoints.explainThing.path("dev"), 200)
  }

  /// An update that is cancelled while the device has it.
  private func cancelled(_ test: TestService) async throws {
    let next = try await test.release("3", imageBytes(50, seed: 82), model: "panel", sequence: 3, publish: false)
    let rollout = try await test.start(next, RolloutPlan())
    let id = try await linked("deploymentBase")
    try await call(
      Endpoints.reportCancellation, path(Endpoints.reportCancellation, id), 405, body: Self.feedback("closed", "success"))
    try await call(Endpoints.readCancellation, path(Endpoints.readCancellation, id), 404)
    _ = try await test.service.changeRollout(rollout, .cancel, by: "ada")
    #expect(try await linked("cancelAction") == id)
    let stop = try await call(Endpoints.readCancellation, path(Endpoints.readCancellation, id), 200)
    #expect(stop["cancelAction"]?["stopId"]?.text == id)
    try await call(
      Endpoints.reportCancellation, path(Endpoints.reportCancellation, id), 200, body: Self.feedback("closed", "success"))
    try await call(
      Endpoints.reportCancellation, path(Endpoints.reportCancellation, "999"), 404, body: Self.feedback("closed", "success"))
    try await call(Endpoints.putInstalled, path(Endpoints.putInstalled), 201, body: Self.installed("3"))
    #expect(try await test.catalog.wrongRolloutCounts().isEmpty)
  }

  /// The path of an endpoint for the device, with what else it names.
  private func path(_ endpoint: Endpoint, _ other: String? = nil) -> String {
    if let other { endpoint.path("DEFAULT", "dev", other) } else { endpoint.path("DEFAULT", "dev") }
  }

  /// The number of the action that a link of a poll leads to.
  private func linked(_ link: String) async throws -> String {
    let poll = try await call(Endpoints.pollController, path(Endpoints.pollController), 200)
    let href = try #require(poll["_links"]?[link]?["href"]?.text, "\(poll)")
    let last = try #require(href.split(separator: "/").last)
    return String(last.prefix { $0 != "?" })
  }

  private static func feedback(_ execution: String, _ finished: String) -> [UInt8] {
    Array(#"{"id":"1","status":{"execution":"\#(execution)","result":{"finished":"\#(finished)"},"details":["so"]}}"#.utf8)
  }

  private static func installed(_ version: String) -> [UInt8] { Array(#"{"name":"panel","version":"\#(version)"}"#.utf8) }
}

extension TestService {
  /// Starts a rollout of a firmware to all things of its model.
  @discardableResult
  func start(_ firmware: Firmware, _ plan: RolloutPlan) async throws -> String {
    let order = RolloutOrder(
      model: firmware.model, firmwares: [firmware.publicID], version: nil, stages: [.share(RolloutShare.whole)], plan: plan)
    let id = try await service.createRollout(order, by: "ada").publicID
    _ = try await service.changeRollout(id, .start, by: "ada")
    try await service.advanceRollouts()
    return id
  }
}
