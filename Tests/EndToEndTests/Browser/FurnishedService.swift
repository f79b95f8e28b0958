import Domain
import Foundation
import TestSupport
import Testing

/// A service with something on each page: a model with a published version and a newer one, three things that run the published
/// one, a rollout, an app with a user, a webhook and activation codes.
struct FurnishedService: Sendable {
  static let model = "lamp"
  static let mcu = "main"

  let workshop: Workshop
  /// The ids of 1.0.0 and 1.1.0.
  let published: String
  let newer: String
  let things: [CurlThing]
  /// The id of a rollout of 1.1.0 to charged things, which is under way.
  let rollout: String
  /// The token that the app's user has by a login.
  let user: String

  var server: RunningServer { workshop.server }

  /// Every page that there is, but those of things.
  var pages: [OperatorPage] {
    OperatorPage.main + [.rollout(rollout), .newRollout, .firmware(published), .upload]
  }

  static func open() async throws -> FurnishedService {
    let workshop = try await Workshop.open()
    try await workshop.createModel(model, mcu: mcu)
    let images = [
      try await SeededImage(20_000, seed: 1, in: workshop.folder), try await SeededImage(30_000, seed: 2, in: workshop.folder),
    ]
    let published = try await workshop.upload(images[0].path, model: model, mcu: mcu, version: "1.0.0")
    let newer = try await workshop.upload(images[1].path, model: model, mcu: mcu, version: "1.1.0", publish: false)
    let made = try await workshop.json(
      "rollout", "create", "--model", model, "--firmware", newer, "--stages", "100%", "--gate", "resource.battery>=40",
      "--start")
    var things: [CurlThing] = []
    for battery in [31, 80, 90] {
      let thing = try await workshop.newThing(model)
      for level in [battery + 4, battery + 1, battery] {
        let written = try await thing.write("battery", String(level))
        #expect(written.status < 300)
      }
      let asked = try await thing.poll(mcu: mcu, version: "1.0.0")
      #expect(asked.status == 200)
      things.append(thing)
    }
    let tagged = try await Curl.ask(["--data", #"{"tag":"canary"}"#, "\(things[0].base)/tags"])
    #expect(tagged.status == 201)
    try await workshop.command("app", "create", "greenhouse")
    let account = #"{"email":"ada@example.com","password":"a long password","app":"greenhouse"}"#
    let user = try await Curl.ask(["--data", account, "\(workshop.server.url)/v2/register"])
    try await workshop.command("webhook", "create", "http://198.51.100.1/hook")
    try await workshop.command("code", "create", model, "--count", "5")
    return FurnishedService(
      workshop: workshop, published: published, newer: newer, things: things,
      rollout: try #require(made["id"]?.text), user: try #require(user.json?["token"]?.text))
  }

  /// The id of a thing, by what it runs and wrote.
  func id(where condition: String) async throws -> String {
    let answer = try await Curl.ask([
      "-G", "-H", "Authorization: Bearer \(server.token)", "--data-urlencode", "where=\(condition)",
      "\(server.url)/api/v1/things",
    ])
    return try #require(answer.json?["things"]?[0]?["id"]?.text)
  }

  /// The token of a new operator, and its id.
  func newOperator(_ name: String, _ role: String) async throws -> (token: String, id: String) {
    let made = try await workshop.json("operator", "create", "--name", name, "--role", role)
    return (try #require(made["token"]?.text), try #require(made["id"]?.text))
  }
}
