import Domain
import Testing

@testable import FirmwareService

@Suite("Care for things") struct ThingCareTests {
  @Test func `a code activates once, however it is typed`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let codes = try await test.service.createCodes(for: "lamp", count: 3, by: "op").map(\.code)
    #expect(Set(codes).count == 3 && codes.allSatisfy { $0.utf8.count == 26 })
    _ = try await test.service.activateThing(code: codes[0])
    let typed = codes[1].lowercased()
    _ = try await test.service.activateThing(code: " \(typed.prefix(10))-\(typed.dropFirst(10)) ")
    for code in [codes[0], codes[1], "", " ", "x", String(repeating: "A", count: 35), codes[2] + "0", codes[2] + "\0"] {
      await expectRefusal(.invalidActivationCode, code) { _ = try await test.service.activateThing(code: code) }
    }
    let page = try await test.service.listCodes(model: "lamp", unusedOnly: true, PageRequest(limit: nil, after: nil))
    #expect(page.entries.map(\.code) == [codes[2]])
    #expect(try await test.service.thingCount() == 2)
    await expectRefusal(.malformed) { _ = try await test.service.createCodes(for: "lamp", count: 0, by: "op") }
    await expectRefusal(.malformed) { _ = try await test.service.createCodes(for: "lamp", count: 10_001, by: "op") }
    await expectRefusal(.unknownModel) { _ = try await test.service.createCodes(for: "x", count: 1, by: "op") }
  }

  @Test func `of many tries with one code at once one gets a thing`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let code = try await test.service.createCodes(for: "lamp", count: 1, by: "op")[0].code
    let tokens = await withTaskGroup(of: ThingToken?.self) { group in
      for _ in 0..<50 { group.addTask { try? await test.service.activateThing(code: code) } }
      return await group.reduce(into: [ThingToken]()) { tokens, token in if let token { tokens.append(token) } }
    }
    #expect(tokens.count == 1)
    #expect(try await test.service.identifyThing(tokens[0].secret) > 0)
    #expect(try await test.service.thingCount() == 1)
  }

  @Test func `a reset ends the tokens at once, and the code gives the same thing a new one`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "1.0") == ["2.0"])
    try await test.report(thing.id, "2.0", .failed)
    let code = try await test.service.resetThing(thing.publicID, by: "op")
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(thing.token.secret) }
    await expectRefusal(.unknownThing) { _ = try await test.service.readToken(of: thing.publicID, by: "op") }
    let token = try await test.service.activateThing(code: code)
    #expect(token != thing.token)
    #expect(try await test.service.identifyThing(token.secret) == thing.id)
    let report = try await test.service.showThing(thing.publicID)
    #expect(report.mcus[0].standing?.running == nil, "its flash was erased")
    #expect(try await test.service.thingCount() == 1)
    #expect(try await test.poll(thing.id) == [], "what failed on it is still known")
    try await test.service.retryThing(thing.publicID, mcu: nil, by: "op")
    #expect(try await test.poll(thing.id) == ["2.0"])
    await expectRefusal(.invalidActivationCode) { _ = try await test.service.activateThing(code: code) }
  }

  @Test func `a rotated token works beside the new one until the end of the overlap, exactly`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    let (token, until) = try await test.service.rotateToken(of: thing.publicID, overlap: 60, by: "op")
    #expect(until == test.clock.now.adding(seconds: 60))
    #expect(try await test.service.readToken(of: thing.publicID, by: "op") == token)
    test.clock.advance(seconds: 59)
    for known in [thing.token, token] { #expect(try await test.service.identifyThing(known.secret) == thing.id) }
    test.clock.advance(seconds: 1)
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(thing.token.secret) }
    #expect(try await test.service.identifyThing(token.secret) == thing.id)
    let (third, _) = try await test.service.rotateToken(of: thing.publicID, overlap: 0, by: "op")
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(token.secret) }
    #expect(try await test.service.identifyThing(third.secret) == thing.id)
    await expectRefusal(.malformed) { _ = try await test.service.rotateToken(of: thing.publicID, overlap: -1, by: "op") }
    await expectRefusal(.unknownThing) { _ = try await test.service.rotateToken(of: "nobody", overlap: 1, by: "op") }
  }

  @Test func `a retired thing is over, and counts no more`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", sequence: 2)
    let (gone, staying) = (try await test.activate(), try await test.activate())
    for thing in [gone, staying] { #expect(try await test.poll(thing.id, "1.0") == ["2.0"]) }
    #expect(try await test.counts("2.0") == [.offered: 2])
    try await test.service.retireThing(gone.publicID, by: "op")
    let retired = try await test.service.showThing(gone.publicID).thing.retiredAt
    #expect(retired == test.clock.now)
    #expect(try await test.counts("2.0") == [.offered: 1])
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(gone.token.secret) }
    await expectRefusal(.retired) { _ = try await test.service.resetThing(gone.publicID, by: "op") }
    await expectRefusal(.retired) { _ = try await test.service.rotateToken(of: gone.publicID, overlap: nil, by: "op") }
    test.clock.advance(seconds: 5)
    try await test.service.retireThing(gone.publicID, by: "op")
    #expect(try await test.service.showThing(gone.publicID).thing.retiredAt == retired)
  }

  @Test func `a thing that was reset and then retired cannot come back by its code`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    let code = try await test.service.resetThing(thing.publicID, by: "op")
    try await test.service.retireThing(thing.publicID, by: "op")
    await expectRefusal(.invalidActivationCode) { _ = try await test.service.activateThing(code: code) }
  }

  @Test func `things come in with their tokens, all or none`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", sequence: 2)
    let tokens = (0..<3).map { String(repeating: "\($0)", count: 43) }
    func foreign(_ token: String, model: String = "lamp", id: String? = nil) -> ForeignThing {
      ForeignThing(token: token, model: model, id: id)
    }
    let first = try await test.service.importThings([foreign(tokens[0], id: "a:1"), foreign(tokens[1])], by: "op")
    #expect(first == (2, 0))
    let thing = try await test.service.identifyThing(tokens[0])
    #expect(try await test.poll(thing, "1.0") == ["2.0"])
    #expect(try await test.service.showThing("a:1").thing.id == thing)
    #expect(try await test.service.readToken(of: "a:1", by: "op").secret == tokens[0])
    let again = try await test.service.importThings([foreign(tokens[0], id: "a:1"), foreign(tokens[1])], by: "op")
    #expect(again == (0, 2))
    let bad: [(ServiceError.Code, [ForeignThing])] = [
      (.malformed, []), (.malformed, [foreign("short")]), (.malformed, [foreign(String(repeating: "+", count: 43))]),
      (.malformed, [foreign(tokens[2], id: "a b")]), (.malformed, [foreign(tokens[2], id: "")]),
      (.unknownModel, [foreign(tokens[2], model: "x")]), (.exists, [foreign(tokens[2], id: "a:1")]),
      (.exists, [foreign(tokens[0], id: "b")]), (.exists, [foreign(tokens[2]), foreign(tokens[1], id: "a:1")]),
    ]
    for (code, things) in bad {
      await expectRefusal(code, "\(things)") { _ = try await test.service.importThings(things, by: "op") }
    }
    #expect(try await test.service.thingCount() == 2)
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(tokens[2]) }
    // An imported thing never had a code: a reset gives it one.
    let code = try await test.service.resetThing("a:1", by: "op")
    let token = try await test.service.activateThing(code: code)
    #expect(try await test.service.identifyThing(token.secret) == thing)
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(tokens[0]) }
  }

  @Test func `reading a token is written down, and is not printed by accident`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    let token = try await test.service.readToken(of: thing.publicID, by: "somebody")
    #expect(token == thing.token && !"\(token)".contains(token.secret))
    let entry = try await test.service.listAudit(PageRequest(limit: 1, after: nil)).entries[0]
    #expect(entry.action == "thing.readToken" && entry.actor == "somebody" && entry.subject == thing.publicID)
    await expectRefusal(.unknownThing) { _ = try await test.service.readToken(of: "nobody", by: "somebody") }
    #expect(try await test.service.listAudit(PageRequest(limit: 1, after: nil)).entries[0].id == entry.id)
  }

  @Test(arguments: ["", "short", String(repeating: "a", count: 42), String(repeating: "a", count: 10_240), "a\0b"])
  func `what is no token belongs to nobody`(text: String) async throws {
    let test = try await TestService()
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(text) }
    await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(String(repeating: "b", count: 43)) }
  }
}
