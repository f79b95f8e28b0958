import APIContract
import Catalog
import Domain
import FirmwareService
import Testing

@testable import HTTPAPI

/// Rollouts and explanations, held against the document: a model of its own, since `lamp` has lost its key by now.
extension DocumentedJourney {
  func rollouts(_ test: TestService) async throws {
    try await test.createModel("kiosk", mcus: ["main", "radio"])
    for (sequence, version) in ["1", "2"].enumerated() {
      for (mcu, seed) in [("main", 60), ("radio", 70)] {
        try await test.release(
          version, imageBytes(50, seed: UInt64(seed + sequence)), model: "kiosk", mcu: mcu, sequence: Int64(sequence + 1),
          publish: false)
      }
    }
    let token = try await test.activate("kiosk")
    let latest = Endpoints.latestFirmwares.path(token)
    for mcu in ["main", "radio"] { try await call(Endpoints.latestFirmwares, latest + "?version=1&mcu=\(mcu)", 200) }
    try await plans()
    let full =
      #"{"model":"kiosk","version":"2","target":"mcu.main.version=='1'","gate":"model==kiosk","#
      + #""stages":["tag:nobody","100%"],"success":"90%","haltAt":"never","minSample":1,"soak":0,"silence":0,"#
      + #""windows":["00:00-24:00"],"rate":1000,"rateDoublesEvery":5,"concurrent":100,"priority":-1,"downloadOnly":false,"#
      + #""attempts":2,"consent":false,"approval":true}"#
    let made = try await call(Endpoints.createRollout, "/api/v1/rollouts", 201, body: Array(full.utf8))
    let id = made["id"]?.text ?? ""
    try await walk(id, test)
    try await call(Endpoints.showThing, Endpoints.showThing.path(try await test.newestThing()), 200)

    let explained = try await call(Endpoints.latestFirmwares, latest + "?explain=true", 200)
    #expect(explained["explanation"]?["mcus"] != nil && explained["retryAfter"] != nil)
    try await call(Endpoints.explainThing, Endpoints.explainThing.path(try await test.newestThing()), 200)
    try await call(Endpoints.explainThing, Endpoints.explainThing.path("none"), 404)

    let revert = try await call(Endpoints.revertRollout, Endpoints.revertRollout.path(id), 201)
    // The poll above was offered it, by a thing that had said what it ran.
    #expect(revert["revertOf"]?.text == id && revert["firmwares"] == .array([]))
    try await call(Endpoints.revertRollout, Endpoints.revertRollout.path(revert["id"]?.text ?? ""), 409)
    try await call(Endpoints.revertRollout, Endpoints.revertRollout.path("none"), 404)
    try await call(Endpoints.explainThing, Endpoints.explainThing.path(try await test.newestThing()), 200)
    #expect(try await test.catalog.wrongRolloutCounts().isEmpty)
  }

  private func plans() async throws {
    for (endpoint, path) in [
      (Endpoints.planRollout, "/api/v1/rollouts/plan"), (Endpoints.createRollout, "/api/v1/rollouts"),
    ] {
      try await call(endpoint, path, 400, body: Array(#"{"model":"kiosk","version":"2","target":"tag="}"#.utf8))
      try await call(endpoint, path, 404, body: Array(#"{"model":"none","version":"2"}"#.utf8))
    }
    let preview = #"{"model":"kiosk","version":"2","target":"tag==canary","stages":["tag:canary","0.5%","100%"]}"#
    let planned = try await call(Endpoints.planRollout, "/api/v1/rollouts/plan", 200, body: Array(preview.utf8))
    #expect(Self.entries(planned, "exclusions").first?["clause"]?.text == "tag==canary")
  }

  private func walk(_ id: String, _ test: TestService) async throws {
    try await call(Endpoints.showRollout, Endpoints.showRollout.path(id), 200)
    try await call(Endpoints.showRollout, Endpoints.showRollout.path("none"), 404)
    try await call(Endpoints.pauseRollout, Endpoints.pauseRollout.path(id), 409)
    for (endpoint, isChange) in [
      (Endpoints.startRollout, true), (Endpoints.pauseRollout, true), (Endpoints.resumeRollout, true),
      (Endpoints.approveRollout, false),
    ] {
      try await call(endpoint, endpoint.path("none"), 404)
      // The stages before the last have no things: nobody is asked about those that follow at once.
      if isChange { try await call(endpoint, endpoint.path(id), 200) }
    }
    try await test.service.advanceRollouts()
    // Nobody is asked before the stage is counted and found good; without a thing in it, it waits for a person all the same.
    try await call(Endpoints.approveRollout, Endpoints.approveRollout.path(id), 200)
    try await test.service.advanceRollouts()
    try await call(Endpoints.listRolloutThings, Endpoints.listRolloutThings.path(id), 200)
    try await call(Endpoints.listRolloutThings, Endpoints.listRolloutThings.path(id) + "?state=waiting&limit=1", 200)
    try await call(Endpoints.listRolloutThings, Endpoints.listRolloutThings.path(id) + "?state=lost", 400)
    try await call(Endpoints.listRolloutThings, Endpoints.listRolloutThings.path("none"), 404)
    try await call(Endpoints.listRollouts, "/api/v1/rollouts?model=kiosk&publications=true&limit=1", 200)
    try await call(Endpoints.listRollouts, "/api/v1/rollouts?model=none", 404)
    try await call(Endpoints.listRollouts, "/api/v1/rollouts?after=x", 400)
    let other = try await test.draft("kiosk")
    try await call(Endpoints.cancelRollout, Endpoints.cancelRollout.path(other), 200)
    try await call(Endpoints.cancelRollout, Endpoints.cancelRollout.path(other), 409)
    try await call(Endpoints.cancelRollout, Endpoints.cancelRollout.path("none"), 404)
  }
}
