import Domain
import TestSupport
import Testing

/// The model's side of the DDI door, by the commands of the documentation.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ServeDeviceDoorTests {
  @Test func aModelsDoorIsSetByCommandsAndShown() async throws {
    let workshop = try await Workshop.open()
    let create = [
      "model", "create", "lamp", "--mcu", "main", "--mcu", "a=b", "--unknown-things", "hold", "--version-attribute", "fw",
      "--trust-reports", "--module-type", "a=b=os", "--part", "main=kernel", "--poll-interval", "1s", "--json",
    ]
    let made = try JSONValue.reading(try await workshop.command(create))
    #expect(made["pollInterval"] == .integer(1))
    #expect(
      made["deviceDoor"]
        == .object(["unknownThings": .string("hold"), "versionAttribute": .string("fw"), "trustsReports": .bool(true)]))
    #expect(made["mcus"]?.elements?.map { $0["part"]?.text } == ["kernel", "os"])
    #expect(made["mcus"]?.elements?.map { $0["moduleType"]?.text } == ["application", "os"])
    #expect(try await workshop.server.command(create).status == 0)
    #expect(
      try await workshop.command("model", "set", "lamp", "--no-trust-reports", "--part", "main=", "--poll-interval", "1d")
        == """
        Model lamp: one operator publishes; its things ask every 1d; by DDI unknown things are held, fw is the version, a \
        success is not believed alone, main: part bApp of type application, a=b: part os of type os.

        """)
    #expect(try await workshop.command("model", "set", "lamp", "--poll-interval", "5m").contains("every 5m.\n"))
    let shown = try await workshop.json("model", "show", "lamp")
    #expect(shown["pollInterval"] == .integer(300) && shown["deviceDoor"]?["trustsReports"] == .bool(false))
    #expect(try await workshop.json("model", "list")["models"]?[0] == shown)
    let text = try await workshop.command("model", "show", "lamp")
    #expect(text.contains("main: part bApp of type application (newest sequence 0)"), "\(text)")
    #expect(text.contains("unknown things are held"), "\(text)")
    for wrong in [
      ["--unknown-things", "maybe"], ["--module-type", "os"], ["--part", "=os"], ["--poll-interval", "5w"],
      ["--version-attribute"],
    ] {
      #expect(try await workshop.server.command(["model", "set", "lamp"] + wrong).status == 64, "\(wrong)")
    }
    for wrong in [
      ["--part", "none=os"], ["--poll-interval", "0"], ["--poll-interval", "86401"], ["--version-attribute", ""],
    ] {
      #expect(try await workshop.server.command(["model", "set", "lamp"] + wrong).status == 1, "\(wrong)")
    }
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aGatewayTokenIsToldByACommandAgainAndAgainUntilItIsRotated() async throws {
    var workshop = try await Workshop.openWithModel()
    let token = try #require(try await workshop.json("model", "gateway-token", Workshop.model)["token"]?.text)
    #expect(token.utf8.count == 43)
    let lines = try await workshop.command("model", "gateway-token", Workshop.model).split(separator: "\n")
    #expect(lines.count == 2 && lines.first == token[...] && lines.last?.contains("GatewayToken") == true, "\(lines)")
    let audit = try await workshop.json("audit", "list", "--limit", "1")
    #expect(audit["entries"]?[0]?["action"]?.text == "model.readGatewayToken")
    try await workshop.killAndRestart()
    let rotated = try await workshop.json("model", "gateway-token", Workshop.model, "--rotate", "--overlap", "1h")
    #expect(rotated["token"]?.text != token && rotated["previousExpiresAt"]?.text != nil)
    #expect(try await workshop.json("model", "gateway-token", Workshop.model) == rotated)
    #expect(try await workshop.command("model", "gateway-token", Workshop.model).contains("The one before works until"))
    #expect(try await workshop.server.command("model", "gateway-token", Workshop.model, "--overlap", "1h").status == 64)
    #expect(try await workshop.server.command("model", "gateway-token", "none").status == 1)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aDeviceThatWaitsIsAdmittedOrRefusedByACommand() async throws {
    let workshop = try await Workshop.openWithModel()
    try await workshop.command("model", "set", Workshop.model, "--unknown-things", "hold")
    let gateway = try #require(try await workshop.json("model", "gateway-token", Workshop.model)["token"]?.text)
    for name in ["dev-1", "dev-2"] {
      let poll = try await workshop.server.exchange(
        RawRequest(path: "/DEFAULT/controller/v1/\(name)", headers: [("Authorization", "GatewayToken \(gateway)")]))
      #expect(poll.status == 200)
    }
    let waiting = try await workshop.command("controller", "list", "--waiting").split(separator: "\n")
    #expect(waiting.count == 3 && waiting[1].hasPrefix("dev-1") && waiting[1].hasSuffix("waits"), "\(waiting)")
    let thing = try await workshop.json("controller", "admit", "dev-1")
    let id = try #require(thing["id"]?.text)
    #expect(thing["controllerId"]?.text == "dev-1")
    let admitted = try await workshop.command("controller", "admit", "dev-1")
    #expect(admitted == "Controller dev-1 is thing \(id) of model \(Workshop.model).\n")
    let refused = try await workshop.command("controller", "refuse", "dev-2")
    #expect(refused == "Controller dev-2 of model \(Workshop.model) is refused.\n")
    let left = try await workshop.json("controller", "list", "--model", Workshop.model)["controllers"]
    #expect(left?.elements?.map { $0["thing"]?.text } == [id])
    #expect(try await workshop.server.command("controller", "refuse", "dev-3").status == 1)
    #expect(try await workshop.server.command("controller", "admit", "dev-3").status == 1)
    let all = try await workshop.command("controller", "refuse", "--all-waiting", "--model", Workshop.model)
    #expect(all == "Model \(Workshop.model): 0 controllers refused.\n")
    for wrong in [["dev-1", "--all-waiting", "--model", Workshop.model], ["--all-waiting"], []] {
      #expect(try await workshop.server.command(["controller", "refuse"] + wrong).status == 64, "\(wrong)")
    }
    // Things show what name they have, and are found by it.
    #expect(try await workshop.json("thing", "show", "dev-1")["id"]?.text == id)
    let shown = try await workshop.command("thing", "show", id)
    #expect(shown.contains("\ncontroller  dev-1\n"), "\(shown)")
    let listed = try await workshop.command("thing", "list").split(separator: "\n")
    #expect(listed.first?.hasSuffix("CONTROLLER") == true && listed.last?.hasSuffix("dev-1") == true, "\(listed)")
    #expect(try await workshop.json("thing", "explain", "dev-1")["thing"]?.text == id)
    let token = try await workshop.command("thing", "show", "dev-1", "--token")
    let poll = try await workshop.server.exchange(
      RawRequest(path: "/default/controller/v1/dev-1", headers: [("Authorization", "TargetToken \(token.dropLast())")]))
    #expect(poll.status == 200)
    try await expectSoundAndStop(workshop.server)
  }
}
