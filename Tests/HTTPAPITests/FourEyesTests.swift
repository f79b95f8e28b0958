import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A model with four eyes") struct FourEyesTests {
  @Test func `publishes nothing by one operator, and withdraws as before`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let offered = try await test.release("1", imageBytes(30), sequence: 1).publicID
    let held = try await test.release("2", imageBytes(30, seed: 2), sequence: 2, publish: false).publicID
    let image = imageBytes(30, seed: 3)
    _ = try await test.store(image)
    let new = String(decoding: try test.envelope(of: image, version: "3", sequence: 3).json, as: UTF8.self)
    try await test.open(.router) { front in
      let on = try await front.operate(.patch, "/api/v1/models/lamp", #"{"fourEyes":true}"#)
      #expect(on.status == 200)
      #expect(try on.json()["fourEyes"] == .bool(true))
      #expect(try await front.operate(.get, "/api/v1/models/lamp").json()["fourEyes"] == .bool(true))
      let firmwares = "/api/v1/firmwares"
      let refused = try await front.operate(.put, "\(firmwares)/\(held)/publication")
      try refused.expectProblem(409, "approval-needed")
      let detail = "lamp needs the go of a second operator: create a rollout, and let another operator approve it"
      #expect(try refused.json()["detail"]?.text == detail)
      try await front.operate(.post, "\(firmwares)?publish=true", new).expectProblem(409, "approval-needed")
      #expect(
        try test.service.listFirmwares(model: nil, mcu: nil, PageRequest(limit: nil, after: nil)).entries.count == 2)
      #expect(try await front.operate(.post, firmwares, new).status == 201)
      try await front.operate(.post, "\(firmwares)?publish=true", new).expectProblem(409, "approval-needed")
      // What is published already is not published again by that.
      #expect(try await front.operate(.put, "\(firmwares)/\(offered)/publication").status == 200)
      #expect(try await front.operate(.delete, "\(firmwares)/\(offered)/publication").status == 200)
      try await front.operate(.put, "\(firmwares)/\(offered)/publication").expectProblem(409, "approval-needed")
      #expect(try await front.operate(.patch, "/api/v1/models/lamp", #"{"fourEyes":false}"#).status == 200)
      #expect(try await front.operate(.put, "\(firmwares)/\(held)/publication").status == 200)
    }
  }

  @Test func `is made with the model, and a repeat must not contradict it`() async throws {
    let test = try await TestService()
    try await test.open(.router) { front in
      let body = #"{"name":"lamp","mcus":["main"],"fourEyes":true,"pollInterval":10}"#
      #expect(try await front.operate(.post, "/api/v1/models", body).status == 201)
      let plain = try await front.operate(.post, "/api/v1/models", #"{"name":"lamp","mcus":["main"]}"#)
      #expect(plain.status == 200)
      #expect(try plain.json()["fourEyes"] == .bool(true) && plain.json()["pollInterval"] == .integer(10))
      try await front.operate(.post, "/api/v1/models", #"{"name":"lamp","mcus":["main"],"fourEyes":false}"#)
        .expectProblem(409, "exists")
      for bad in [
        "", "[]", "{}", #"{"fourEyes":null}"#, #"{"fourEyes":1}"#, #"{"fourEyes":"on"}"#, #"{"pollInterval":0}"#,
        #"{"pollInterval":86401}"#, #"{"pollInterval":-5}"#, #"{"pollInterval":1.5}"#, #"{"pollInterval":"5m"}"#,
        #"{"fourEyes":false,"pollInterval":0}"#,
      ] {
        try await front.operate(.patch, "/api/v1/models/lamp", bad).expectProblem(400, "malformed")
      }
      try await front.operate(.post, "/api/v1/models", #"{"name":"fan","mcus":["a"],"pollInterval":0}"#)
        .expectProblem(400, "malformed")
      #expect(try await front.operate(.get, "/api/v1/models/lamp").json()["fourEyes"] == .bool(true))
    }
  }
}
