import Domain
import Foundation
import TestSupport
import Testing

/// Operators with roles, made, used and revoked by the commands of the documentation.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ServeOperatorTests {
  /// Runs a command with somebody's token.
  private func run(_ workshop: Workshop, as token: String, _ arguments: String...) async throws -> ProgramResult {
    try await Program.run(
      Program.firmament, arguments, in: workshop.folder.path,
      environment: ["FIRMAMENT_URL": workshop.server.url, "FIRMAMENT_TOKEN": token])
  }

  @Test func anUploaderUploadsAndDoesNotPublishAndIsGoneWhenRevoked() async throws {
    let workshop = try await Workshop.openWithModel()
    try await workshop.createModel("other", mcu: "m0")
    let made = try await workshop.json(
      "operator", "create", "--name", "ci", "--role", "uploader", "--model", Workshop.model, "--expires", "30d")
    let token = try #require(made["token"]?.text)
    #expect(token.utf8.count == 43 && made["role"]?.text == "uploader" && made["expiresAt"]?.text != nil)
    let id = try #require(made["id"]?.text)

    let image = workshop.folder.path + "/image.bin"
    try Data("an image".utf8).write(to: URL(fileURLWithPath: image))
    let upload = ["upload", image, "--mcu", Workshop.mcu, "--version", "1.0", "--key", workshop.key, "--json"]
    func ci(_ arguments: [String]) async throws -> ProgramResult {
      try await Program.run(
        Program.firmament, arguments,
        environment: ["FIRMAMENT_URL": workshop.server.url, "FIRMAMENT_TOKEN": token])
    }
    let published = try await ci(upload + ["--model", Workshop.model, "--publish"])
    #expect(published.status == 1)
    #expect(published.errors.contains("the role releaser is needed, and ci is uploader"), "\(published.errors)")
    let foreign = try await ci(upload + ["--model", "other"])
    #expect(foreign.status == 1 && foreign.errors.contains("only for \(Workshop.model)"), "\(foreign.errors)")
    let uploaded = try await ci(upload + ["--model", Workshop.model])
    #expect(uploaded.status == 0, "\(uploaded.errors)")
    let models = try JSONValue.reading(try await ci(["model", "list", "--json"]).output)
    #expect(models["models"]?.elements?.map { $0["name"]?.text } == [Workshop.model])

    let listed = try await workshop.command("operator", "list")
    #expect(listed.contains("uploader") && listed.contains(Workshop.model) && !listed.contains(token))
    #expect(try await workshop.command("operator", "revoke", id) == "The token \(id) of ci is revoked.\n")
    let refused = try await ci(["model", "list"])
    #expect(refused.status == 1 && refused.errors.contains("was revoked at"), "\(refused.errors)")
    let audit = try await workshop.json("audit", "list", "--limit", "1")["entries"]?[0]
    #expect(audit?["action"]?.text == "operator.revoke" && audit?["actor"]?.text == "operator")
    #expect(audit?["before"]?["revoked"]?.text == "false" && audit?["after"]?["revoked"]?.text == "true")
    #expect(try await workshop.command("audit", "list", "--limit", "1").contains("revoked: false → true"))
    try await expectSoundAndStop(workshop.server)
  }

  @Test func theTokenInTheStoreStaysTheFirstAdministratorsAndTheLastOne() async throws {
    var workshop = try await Workshop.open()
    let first = workshop.server.token
    let one = try await workshop.json("operator", "list")["operators"]?[0]
    #expect(one?["name"]?.text == "operator" && one?["role"]?.text == "administrator" && one?["expiresAt"] == nil)
    let last = try await workshop.server.command("operator", "revoke", "1")
    #expect(last.status == 1 && last.errors.contains("last administrator"), "\(last.errors)")

    let second = try await workshop.json("operator", "create", "--name", "bob", "--role", "administrator")
    let token = try #require(second["token"]?.text)
    #expect(try await run(workshop, as: token, "operator", "revoke", "1").status == 0)
    // It does not come back with a start, and a new one does once the file is gone.
    try await workshop.killAndRestart()
    #expect(workshop.server.token == first)
    #expect(try await run(workshop, as: first, "model", "list").errors.contains("was revoked at"))
    #expect(try await run(workshop, as: token, "model", "list").status == 0)
    try FileManager.default.removeItem(atPath: workshop.server.store + "/operator.token")
    try await workshop.killAndRestart()
    #expect(workshop.server.token != first)
    #expect(try await run(workshop, as: workshop.server.token, "model", "list").status == 0)
    #expect(try await run(workshop, as: first, "model", "list").status == 1)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aModelWithFourEyesIsSetByCommandsAndSaysWhatItNeeds() async throws {
    let workshop = try await Workshop.open()
    let made = try await workshop.json("model", "create", "lamp", "--mcu", "main", "--four-eyes")
    #expect(made["fourEyes"] == .bool(true) && made["pollInterval"] == .integer(300))
    try await workshop.command("model", "trust", "lamp", workshop.publicKey)
    let image = workshop.folder.path + "/image.bin"
    try Data("an image".utf8).write(to: URL(fileURLWithPath: image))
    let id = try await workshop.upload(image, model: "lamp", mcu: "main", version: "1", publish: false)
    let refused = try await workshop.server.command("firmware", "publish", id)
    #expect(refused.status == 1 && refused.errors.contains("lamp needs the go of a second operator"), "\(refused.errors)")
    #expect(
      try await workshop.command("model", "set", "lamp", "--four-eyes", "off", "--poll-interval", "5s")
        == "Model lamp: one operator publishes; its things ask every 5s.\n")
    #expect(try await workshop.command("model", "show", "lamp").contains("four eyes       off"))
    #expect(try await workshop.command("model", "list").contains("5s"))
    try await workshop.command("firmware", "publish", id)
    for wrong in [["--four-eyes", "maybe"], ["--poll-interval", "x"], []] {
      #expect(try await workshop.server.command(["model", "set", "lamp"] + wrong).status == 64)
    }
    #expect(try await workshop.server.command("model", "set", "lamp", "--poll-interval", "2d").status == 1)
    for wrong in [["--role", "king"], ["--role", "viewer", "--expires", "soon"], []] {
      #expect(try await workshop.server.command(["operator", "create", "--name", "x"] + wrong).status == 64)
    }
    try await expectSoundAndStop(workshop.server)
  }
}
