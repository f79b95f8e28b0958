import Domain
import Foundation
import TestSupport
import Testing

/// How things come in, keep their tokens, and lose them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MainJourneyTokenTests {
  private let model = Workshop.model
  private let mcu = Workshop.mcu

  @Test func aCodeActivatesOneThingAndAgainOnlyAfterAReset() async throws {
    let workshop = try await Workshop.openWithModel()
    let code = try await workshop.createCode(model)
    let first = try await workshop.activate(code: code)
    let old = CurlThing(server: workshop.server.url, token: try #require(first.json?["thingToken"]?.text))
    let again = try await workshop.activate(code: code)
    #expect(again.status == 403)
    #expect(again.text == "{\"status\":\"error\",\"code\":403,\"message\":\"invalid activation code\"}")
    #expect(try await old.poll().status == 200)

    let thingID = try await workshop.onlyThing(of: model)
    #expect(try await workshop.json("thing", "reset", thingID)["code"] == .string(code))
    #expect(try await old.poll().status == 404)
    let second = try await workshop.activate(code: code)
    #expect(second.status == 201)
    let new = CurlThing(server: workshop.server.url, token: try #require(second.json?["thingToken"]?.text))
    #expect(new.token != old.token)
    #expect(try await new.poll().status == 200)
    #expect(try await old.poll().status == 404)
    #expect(try await workshop.activate(code: code).status == 403)
    #expect(try await workshop.onlyThing(of: model) == thingID)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aRotatedTokenWorksBesideTheOldOneForTheOverlapAndNoLonger() async throws {
    let workshop = try await Workshop.openWithModel()
    let old = try await workshop.newThing(model)
    let thingID = try await workshop.onlyThing(of: model)
    func rotate(overlap: String) async throws -> CurlThing {
      let rotated = try await workshop.json("thing", "rotate", thingID, "--overlap", overlap)
      return CurlThing(server: workshop.server.url, token: try #require(rotated["token"]?.text))
    }
    let second = try await rotate(overlap: "1h")
    #expect(second.token != old.token)
    #expect(try await old.poll().status == 200)
    #expect(try await second.poll().status == 200)
    let third = try await rotate(overlap: "0")
    #expect(try await second.poll().status == 404)
    #expect(try await old.poll().status == 404)
    #expect(try await third.poll().status == 200)
    let fourth = try await rotate(overlap: "1")
    try await eventually("the overlap ends") { try await third.poll().status == 404 }
    #expect(try await fourth.poll().status == 200)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aRetiredThingIsGoneWithItsTokenAndItsCode() async throws {
    let workshop = try await Workshop.openWithModel()
    let code = try await workshop.createCode(model)
    let token = try #require(try await workshop.activate(code: code).json?["thingToken"]?.text)
    let thing = CurlThing(server: workshop.server.url, token: token)
    let thingID = try await workshop.onlyThing(of: model)
    try await workshop.command("thing", "retire", thingID)
    #expect(try await thing.poll().status == 404)
    #expect(try await workshop.activate(code: code).status == 403)
    #expect(try await workshop.server.command("thing", "reset", thingID).status == 1)
    #expect(try await workshop.json("thing", "show", thingID)["retiredAt"]?.text != nil)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func importedThingsKeepTheirTokens() async throws {
    let workshop = try await Workshop.openWithModel()
    let image = Corpus.fixtures.path(try Corpus.fixtures.images()[0])
    let id = try await workshop.upload(image, model: model, mcu: mcu, version: "1.0.0")
    let tokens = ["A", "b", "_"].map { String(repeating: $0, count: 43) }
    let rows = tokens.enumerated().map { "\($1),\(model),old-\($0)" }
    let csv = try workshop.folder.write(Data((["token,model,id"] + rows).joined(separator: "\r\n").utf8), to: "things.csv")
    let imported = try await workshop.json("thing", "import", csv)
    #expect(imported["imported"] == .integer(3))
    #expect(imported["unchanged"] == .integer(0))
    for token in tokens {
      let thing = CurlThing(server: workshop.server.url, token: token)
      #expect(try await thing.poll().json?["firmwares"]?[0]?["_id"] == .string(id))
    }
    let again = try await workshop.json("thing", "import", csv)
    #expect(again["imported"] == .integer(0))
    #expect(again["unchanged"] == .integer(3))
    #expect(try await workshop.json("thing", "show", "old-1", "--token")["token"] == .string(tokens[1]))
    try await expectSoundAndStop(workshop.server)
  }

  @Test func readingAThingsTokenIsInTheAuditLog() async throws {
    let workshop = try await Workshop.openWithModel()
    let thing = try await workshop.newThing(model)
    let thingID = try await workshop.onlyThing(of: model)
    func readings() async throws -> [JSONValue] {
      try await workshop.json("audit", "list")["entries"]?.elements?.filter { $0["action"] == .string("thing.readToken") } ?? []
    }
    _ = try await workshop.json("thing", "show", thingID)
    #expect(try await readings().isEmpty)
    #expect(try await workshop.command("thing", "show", thingID, "--token") == thing.token + "\n")
    let found = try await readings()
    #expect(found.count == 1)
    #expect(found.first?["subject"] == .string(thingID))
    #expect(found.first?["actor"] == .string("operator"))
    #expect(found.first?["at"]?.text?.hasSuffix("Z") == true)
    #expect(try await workshop.command("audit", "list", "--json").contains(thing.token) == false)
    try await expectSoundAndStop(workshop.server)
  }
}
