import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A token for some models") struct RouterScopeTests {
  /// Two models with a thing, a code and a firmware each, and an administrator for `lamp` alone.
  private struct World {
    let test: TestService
    let who: HTTPFields
    var things: [String: String] = [:]
    var firmwares: [String: String] = [:]
    var rollouts: [String: String] = [:]
    var webhooks: [String: String] = [:]

    init() async throws {
      test = try await TestService()
      for model in ["lamp", "fan"] {
        try await test.createModel(model)
        try await test.hold("\(model)-1", of: model)
        firmwares[model] = try await test.release("1", imageBytes(40, seed: 3), model: model).publicID
        let thing = try await test.service.identifyThing(try await test.activate(model))
        try await test.service.writeResources([ResourceRecord(key: "key", value: .integer(1))], of: thing)
        things[model] = try await test.newestThing()
        rollouts[model] = try await test.draft(model)
        webhooks[model] = try await test.service.createWebhook(
          url: "https://\(model).example.org/", events: nil, models: [model], by: "ada"
        ).webhook.publicID
      }
      who = try await test.admit("lina", .administrator, models: ["lamp"]).header
    }

    /// The path of an endpoint about a model.
    func path(_ endpoint: Endpoint, about model: String) -> String {
      endpoint.template.replacing("{model}", with: model).replacing("{thing}", with: things[model] ?? "")
        .replacing("{firmware}", with: firmwares[model] ?? "").replacing("{rollout}", with: rollouts[model] ?? "")
        .replacing("{webhook}", with: webhooks[model] ?? "")
        .replacing("{controllerId}", with: "\(model)-1").replacing("{", with: "").replacing("}", with: "")
    }
  }

  @Test func `is refused wherever another model, or a thing or firmware of one, is named`() async throws {
    let world = try await World()
    let test = world.test
    try await test.open(.router) { front in
      for endpoint in Endpoints.all where endpoint.access == .operators {
        let (own, other) = (world.path(endpoint, about: "lamp"), world.path(endpoint, about: "fan"))
        if own != other {
          try await front.send(endpoint.httpMethod, other, as: world.who, "{}").expectProblem(403, "forbidden")
        } else if endpoint.isChange, !endpoint.checksModels {
          try await front.send(endpoint.httpMethod, own, as: world.who, "{}").expectProblem(403, "forbidden")
        }
        if endpoint.query.contains(where: { $0.name == "model" }) {
          try await front.send(endpoint.httpMethod, own + "?model=fan", as: world.who).expectProblem(403, "forbidden")
          // Where all that wait are refused, that has to be said too.
          let whole = own + "?model=lamp" + (endpoint.isChange ? "&waiting=true" : "")
          #expect(try await front.send(endpoint.httpMethod, whole, as: world.who).status == 200)
        }
        // A thing is not retired before the others were asked.
        // A stream has no end here.
        let isWhole = !endpoint.query.contains { $0.isRequired }
        if endpoint.method == .get, endpoint.id != Endpoints.listenToRollout.id, isWhole {
          let answer = try await front.send(.get, own, as: world.who)
          #expect(answer.status == 200, "\(endpoint.id): \(answer.text)")
        }
      }
    }
  }

  @Test func `sees of every list what is of its models`() async throws {
    let world = try await World()
    try await world.test.open(.router) { front in
      for (path, list, key) in [
        ("models", "models", "name"), ("firmwares", "firmwares", "model"), ("things", "things", "model"),
        ("codes", "codes", "model"), ("rollouts", "rollouts", "model"), ("rollouts?limit=1", "rollouts", "model"),
        ("status", "firmwares", "model"), ("things?limit=1", "things", "model"),
        ("codes?limit=1", "codes", "model"), ("firmwares?limit=1", "firmwares", "model"),
      ] {
        let seen = try await front.send(.get, "/api/v1/\(path)", as: world.who).json()
        #expect(DocumentedJourney.entries(seen, list).map { $0[key]?.text } == ["lamp"], "\(path)")
        #expect(seen["next"] ?? .null == .null, "\(path)")
        let all = try await front.operate(.get, "/api/v1/\(path)").json()
        #expect(DocumentedJourney.entries(all, list).count == (path.contains("limit") ? 1 : 2), "\(path)")
      }
    }
  }

  @Test func `sees the webhooks that are told of its models alone`() async throws {
    let world = try await World()
    for models in [nil, ["lamp", "fan"]] {
      _ = try await world.test.service.createWebhook(
        url: "https://more.example.org/secret", events: nil, models: models, by: "ada")
    }
    try await world.test.open(.router) { front in
      for limit in ["", "?limit=1"] {
        let seen = try await front.send(.get, "/api/v1/webhooks\(limit)", as: world.who)
        #expect(!seen.text.contains("secret") && !seen.text.contains("fan"))
        let list = DocumentedJourney.entries(try seen.json(), "webhooks")
        #expect(list.map { $0["id"]?.text } == [world.webhooks["lamp"]])
        #expect(try seen.json()["next"] == .null)
      }
      let all = try await front.operate(.get, "/api/v1/webhooks").json()
      #expect(DocumentedJourney.entries(all, "webhooks").count == 4)
      for webhook in DocumentedJourney.entries(all, "webhooks") {
        let id = webhook["id"]?.text ?? ""
        let answer = try await front.send(.get, "/api/v1/webhooks/\(id)/deliveries", as: world.who)
        #expect(answer.status == (id == world.webhooks["lamp"] ? 200 : 403), "\(answer.text)")
      }
    }
  }

  @Test func `is refused where a body names another model, and nothing is kept`() async throws {
    let world = try await World()
    let test = world.test
    let image = imageBytes(60, seed: 9)
    let digest = try await test.store(image)
    let foreign = try test.envelope(of: image, model: "fan", version: "2", sequence: 2)
    let unknown = try test.envelope(of: image, model: "none", version: "2", sequence: 2)
    let own = try test.envelope(of: image, model: "lamp", version: "2", sequence: 2)
    let (first, second) = (String(repeating: "x", count: 43), String(repeating: "y", count: 43))
    @Sendable func entry(_ token: String, _ model: String) -> String { #"{"token":"\#(token)","model":"\#(model)"}"# }
    try await test.open(.router) { front in
      for (path, body) in [
        ("models", #"{"name":"fan","mcus":["main"]}"#), ("models", #"{"name":"new","mcus":["main"]}"#),
        ("codes", #"{"model":"fan","count":1}"#), ("codes", #"{"model":"none","count":1}"#),
        ("things/import", #"{"things":[\#(entry(first, "lamp")),\#(entry(second, "fan"))]}"#),
        ("firmwares", String(decoding: foreign.json, as: UTF8.self)),
        ("firmwares?publish=true", String(decoding: unknown.json, as: UTF8.self)),
        ("rollouts", #"{"model":"fan","version":"1"}"#), ("rollouts", #"{"model":"none","version":"1"}"#),
        ("rollouts/plan", #"{"model":"fan","version":"1"}"#), ("webhooks", #"{"url":"https://x.example"}"#),
        ("webhooks", #"{"url":"https://x.example","models":["lamp"]}"#),
        ("operators", #"{"name":"x","role":"viewer"}"#), ("operators", #"{"name":"x","role":"viewer","models":["fan"]}"#),
        ("operators", #"{"name":"x","role":"viewer","models":["lamp","fan"]}"#),
      ] {
        try await front.send(.post, "/api/v1/\(path)", as: world.who, body).expectProblem(403, "forbidden")
      }
      try await front.send(.delete, "/api/v1/operators/1", as: world.who).expectProblem(403, "forbidden")
      #expect(try await test.service.thingCount() == 2)
      #expect(try await test.service.listOperators(PageRequest(limit: nil, after: nil)).entries.count == 2)
      for (path, body, status) in [
        ("models", #"{"name":"lamp","mcus":["main"]}"#, 200), ("codes", #"{"model":"lamp","count":1}"#, 201),
        ("things/import", #"{"things":[\#(entry(first, "lamp"))]}"#, 200),
        ("firmwares?publish=true", String(decoding: own.json, as: UTF8.self), 201),
        ("rollouts", #"{"model":"lamp","version":"1"}"#, 201), ("rollouts/plan", #"{"model":"lamp","version":"1"}"#, 200),
        ("operators", #"{"name":"x","role":"administrator","models":["lamp"]}"#, 201),
      ] {
        let answer = try await front.send(.post, "/api/v1/\(path)", as: world.who, body)
        #expect(answer.status == status, "\(path): \(answer.text)")
      }
      #expect(try await front.send(.put, "/api/v1/images/\(digest)", world.who, body: image).status == 200)
      #expect(try await front.send(.delete, "/api/v1/operators/3", as: world.who).status == 200)
      let shown = try await front.send(.get, "/api/v1/operator", as: world.who).json()
      #expect(shown["models"] == .array([.string("lamp")]) && shown["role"]?.text == "administrator")
    }
  }
}
