import Domain
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Catalog

/// A fleet polls all the time: what a poll or a download asks of the catalog must not read whole tables.
@Suite("The plans of the queries") struct QueryPlanTests {
  private final class Trace: Sendable {
    private let statements = Mutex<[String]>([])
    func add(_ statement: String) { statements.withLock { $0.append(statement) } }
    var all: [String] { statements.withLock { $0 } }
  }

  /// The statements that `body` runs, as the catalog itself writes them, with their values filled in.
  func statements(_ catalog: Catalog, _ body: () async throws -> Void) async throws -> [String] {
    let trace = Trace()
    @Sendable func start(_ db: Database) {
      db.trace(options: .statement) { event in
        if case .statement(let statement) = event { trace.add(statement.expandedSQL) }
      }
    }
    // One after another, readers come from the same connection; should they not, the counts below say so.
    try await catalog.read { start($0) }
    try await catalog.write { start($0) }
    try await body()
    try await catalog.read { $0.trace(options: []) }
    try await catalog.write { $0.trace(options: []) }
    return trace.all.filter { statement in
      ["SELECT", "UPDATE", "INSERT", "DELETE", "WITH"].contains { statement.hasPrefix($0) }
        && !statement.contains("sqlite_master")
    }
  }

  func plan(_ statement: String, _ catalog: Catalog) async throws -> [String] {
    try await catalog.read { db in
      try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(statement)").map { $0["detail"] as String }
    }
  }

  func expectNoScan(_ statements: [String], _ catalog: Catalog) async throws {
    for statement in statements {
      let plan = try await plan(statement, catalog)
      // What a view or a subquery has found may be walked over; what it reads for that is in the plan by itself.
      let isFound = plan.contains("MATERIALIZE thingAccess") || plan.contains("CO-ROUTINE thingAccess")
      // What was heard is a list that is given with the statement.
      let allowed = (isFound ? ["SCAN access", "SCAN thingAccess"] : []) + ["SCAN heard VIRTUAL TABLE INDEX 1:"]
      #expect(!plan.contains { $0.hasPrefix("SCAN") && !allowed.contains($0) }, "\(statement): \(plan)")
    }
  }

  @Test func `finding a thing by its token reads no whole table`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let statements = try await statements(test.catalog) {
      _ = try await test.catalog.owner(ofToken: test.hash(1))
      _ = try await test.catalog.standing(of: thing.id)
    }
    #expect(statements.count == 9)
    for table in ["thingToken", "thing", "thingMCU", "installation", "delivery"] {
      #expect(statements.contains { $0.contains("FROM \(table) WHERE") }, "\(table)")
    }
    try await expectNoScan(statements, test.catalog)
  }

  @Test func `recording what things say and what was seen reads no whole table`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let firmware = try #require(try await test.register(test.firmware("1.0", sequence: 1)).firmware)
    let change = StandingChange(
      thingID: thing.id, mcus: [MCUStanding(mcuID: test.model.mcus[0].id, running: "1.0", firmwareID: firmware.id)],
      installations: [Installation(firmwareID: firmware.id, state: .installed, since: .start)])
    let value = StoredValue(key: "$firmware", value: "null", datetime: .start)
    let batch = ResourceBatch(
      thingID: thing.id,
      changes: [.append(value), .merge(key: "$settings", patches: [.object([:])], datetime: .start, largest: 2)],
      arrivedAt: .start, committed: { whoSee in #expect(whoSee("$firmware").isEmpty) })
    let statements = try await statements(test.catalog) {
      try await test.catalog.record([change], batch).wait()
      try await test.hear([thing.id], at: .start)
      _ = try await test.catalog.values(of: "$firmware", thingID: thing.id, in: .newest(100), largest: .max)
      _ = try await test.catalog.allValues(of: thing.id, in: .newest(1), largest: .max)
      _ = try await test.catalog.resourceKeys(of: thing.id)
      _ = try await test.catalog.addTags([Tag(publicID: "t", name: "x")], to: thing.id, most: 9, at: .start)
      _ = try await test.catalog.removeTag("x", of: thing.id)
      try await test.catalog.retry([firmware.id], of: thing.id, audit: .deed("retry")).wait()
    }
    #expect(statements.count >= 7)
    try await expectNoScan(statements, test.catalog)
    let read = try #require(statements.first { $0.contains("SELECT datetime, value, geo FROM resourceValue") })
    let plan = try await plan(read, test.catalog)
    #expect(plan.joined().contains("resourceId=? AND datetime>? AND datetime<?"))
    #expect(!plan.joined().contains("TEMP B-TREE"))
  }

  @Test func `activation, tokens and care of one thing read no whole table`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    try await test.createCode(2)
    let statements = try await statements(test.catalog) {
      let token = StoredToken(hash: test.hash(2), sealed: [])
      _ = try await test.catalog.activate(codeHash: test.hash(2), newPublicID: "t", token: token, at: .start)
      _ = try await test.catalog.thing(publicID: "t")
      _ = try await test.catalog.sealedToken(of: thing.id, at: .start)
      let third = StoredToken(hash: test.hash(3), sealed: [])
      try await test.catalog.rotateToken(of: thing.id, to: third, previousUntil: .start, at: .start, audit: .deed("rotate"))
      _ = try await test.catalog.resetThing(
        thing.id, spare: NewCode(hash: test.hash(9), sealed: []), modelID: 1, at: .start, audit: .deed("reset"))
      try await test.catalog.retireThing(thing.id, at: .start, audit: .deed("retire"))
    }
    #expect(statements.count >= 15)
    try await expectNoScan(statements, test.catalog)
  }

  @Test func `devices that wait are found among all without reading a whole table`() async throws {
    let test = try await TestCatalog()
    let catalog = test.catalog
    let thing = try await test.createThing(1)
    let statements = try await statements(catalog) {
      for name in ["b", "a", "c"] {
        try await catalog.addWaitingController(name, modelID: test.model.id, most: 3, at: .start) {
          #expect($0?.thingID == nil)
        }
      }
      let named = try await catalog.nameController("d", thingID: thing.id, boundBy: .target, at: .start) { _ in }
      #expect(named?.thing == thing.publicID && named?.boundBy == .target)
      let waiting = try await catalog.controllers(
        waitingOnly: true, modelID: test.model.id, of: [test.model.id], after: "a", limit: 5)
      #expect(waiting.map(\.controllerID) == ["b", "c"])
      let all = try await catalog.controllers(waitingOnly: false, modelID: nil, of: nil, after: nil, limit: 5)
      #expect(all.map(\.controllerID) == ["a", "b", "c", "d"])
      #expect(try await catalog.controllers(waitingOnly: false, modelID: nil, of: [], after: nil, limit: 5).isEmpty)
      #expect(try await catalog.thing(publicID: "d")?.controllerID == "d")
      for name in ["c", "d"] {
        #expect(try await catalog.refuseController(name, at: .start, audit: .deed("refuse")) { _ in }?.controllerID == name)
      }
      let refused = try await catalog.refuseControllers(ofModel: test.model.id, audit: .deed("refuseAll")) { _ in }
      #expect(refused.sorted() == ["a", "b"])
      #expect(try await catalog.deleteReports(closedBefore: .start, most: 5) == 0)
    }
    let list = try #require(statements.first { $0.contains("ORDER BY controllerId") })
    let plan = try await plan(list, catalog)
    #expect(plan.joined().contains("INDEX controllerWaiting (controllerId>?)"), "\(plan)")
    try await expectNoScan(statements.filter { !$0.contains("json_each") }, catalog)
  }

  @Test func `accounts and sessions are found without reading a whole table`() async throws {
    let test = try await TestCatalog()
    let catalog = test.catalog
    let new = NewUser(publicID: "u", email: "a@b", passwordHash: "p")
    let session = { (number: UInt8) in NewSession(hash: test.hash(number), expiresAt: .start.adding(seconds: 10)) }
    let statements = try await statements(catalog) {
      guard
        case .created(let user) = try await catalog.enrol(new, app: "one", isOpen: true, session: session(1), at: .start)
      else { throw CancellationError() }
      _ = try await catalog.account(app: "one", email: "a@b")
      #expect(try await catalog.beginSession(session(2), of: user.id, passwordHash: "p", at: .start))
      #expect(try await catalog.session(hash: test.hash(2), at: .start)?.user == user)
      #expect(try await catalog.removeExpiredSessions(at: .start.adding(seconds: 9)).isEmpty)
      #expect(try await catalog.removeExpiredSessions(at: .start.adding(seconds: 10)).count == 2)
      #expect(try await catalog.beginSession(session(3), of: user.id, passwordHash: "p", at: .start))
      _ = try await catalog.user(publicID: "u")
      #expect(try await catalog.endSessions(of: user.id, audit: .deed("user.logout")) == [test.hash(3)])
      try await catalog.renewPasswordHash(of: user.id, from: "p", to: "q")
    }
    #expect(statements.count >= 15)
    try await expectNoScan(statements, catalog)
  }

  @Test func `settings and objects of one user are found without reading a whole table, lists without sorting`() async throws {
    let test = try await TestCatalog()
    let catalog = test.catalog
    let session = NewSession(hash: test.hash(1), expiresAt: .start.adding(seconds: 10))
    let new = NewUser(publicID: "u", email: "a@b", passwordHash: "p")
    guard case .created(let user) = try await catalog.enrol(new, app: "one", isOpen: true, session: session, at: .start)
    else { throw CancellationError() }
    let collection = ClassCollection(userID: user.id, name: "notes")
    let statements = try await statements(catalog) {
      _ = try await catalog.settings(of: user.id)
      _ = try await catalog.changeSettings(
        of: user.id, .object(["a": .integer(1)]), passwordHash: "q", session: test.hash(1), largest: 100)
      _ = try await catalog.createObject("k", "{}", in: collection, most: 10, at: .start) { _ in }
      _ = try await catalog.updateObject("k", in: collection, .object([:]), largest: 100, at: .start) { _ in }
      _ = try await catalog.object("k", in: collection)
      #expect(try await catalog.objects(in: collection, before: nil, limit: nil, largest: 100) == ["{}"])
      #expect(try await catalog.objects(in: collection, before: "k", limit: 5, largest: 100) == [])
      _ = try await catalog.deleteObjects("k", in: collection) { _ in }
      _ = try await catalog.deleteObjects(nil, in: collection) { _ in }
    }
    #expect(statements.count >= 13)
    #expect(!statements.contains { $0.contains("COUNT(*) FROM classObject") }, "objects are not counted for each new one")
    try await expectNoScan(statements, catalog)
    for statement in statements where statement.contains("ORDER BY") {
      #expect(!(try await plan(statement, catalog).joined().contains("TEMP B-TREE")), "\(statement)")
    }
  }

  /// Two users who have confirmed what they share with each other, each with things, so that all statements have something to
  /// do.
  private func prepareUsers(_ test: TestCatalog) async throws -> (owner: Int64, other: Int64, things: [Thing]) {
    var users: [Int64] = []
    for (number, name) in ["owner", "other"].enumerated() {
      let session = NewSession(hash: test.hash(UInt8(100 + number)), expiresAt: .start.adding(seconds: 10))
      let new = NewUser(publicID: name, email: "\(name)@x", passwordHash: "p")
      guard case .created(let user) = try await test.catalog.enrol(new, app: "one", isOpen: true, session: session, at: .start)
      else { throw CancellationError() }
      users.append(user.id)
    }
    return (users[0], users[1], [try await test.createThing(1), try await test.createThing(2), try await test.createThing(3)])
  }

  private func share(_ test: TestCatalog, _ number: UInt8, of owner: Int64, _ things: [Thing], _ resources: [String])
    -> NewShare
  {
    NewShare(
      ownerID: owner, email: "other@x", tokenHash: test.hash(number), expiresAt: .start.adding(seconds: 10),
      thingIDs: things.map(\.id), resources: resources)
  }

  private static let mail = NewMail(recipient: "other@x", subject: "s", sealedText: [1], createdAt: .start)

  @Test func `who sees a thing is found without reading a whole table`() async throws {
    let test = try await TestCatalog()
    let (owner, other, things) = try await prepareUsers(test)
    let catalog = test.catalog
    for thing in things { _ = try await catalog.link(thing.id, to: owner, needsAllowance: false, at: .start) }
    _ = try await catalog.offer(share(test, 50, of: owner, things, ["t", "u"]), mail: Self.mail, at: .start)
    #expect(try await catalog.confirmShare(tokenHash: test.hash(50), at: .start) == .confirmed)
    let statements = try await statements(catalog) {
      let batch = ResourceBatch(
        thingID: things[0].id, changes: [.append(StoredValue(key: "t", value: "1", datetime: .start))], owner: owner,
        arrivedAt: .start,
        committed: { whoSee in #expect(whoSee("t") == [owner, other]) })
      try await catalog.record([], batch).wait()
      for user in [owner, other] {
        #expect(try await catalog.thingsSeen(by: user).count == 3)
        #expect(try await catalog.seen(things[0].publicID, "t", by: user) != nil)
        #expect(try await catalog.seen(things[0].publicID, nil, by: user) != nil)
        #expect(
          try await catalog.valuesSeen(of: "t", ofThing: things[0].publicID, in: .newest(5), largest: .max, by: user)?.values?
            .count == 1)
        #expect(try await catalog.resourcesSeen(by: user).map(\.name) == ["t"])
        #expect(try await catalog.valuesSeen(of: "t", in: .newest(5), largest: .max, by: user).count == 1)
      }
    }
    let questions = statements.filter { $0.contains("FROM thingAccess") }
    #expect(statements.count >= 16 && questions.count == 14)
    try await expectNoScan(statements, catalog)
    for question in questions {
      let plan = try await plan(question, catalog).joined(separator: ";")
      // Of one thing, or of one user: never of all.
      let isOfThing = question.contains("thingId = \(things[0].id)")
      #expect(plan.contains("SEARCH ownership USING \(isOfThing ? "" : "INDEX ownershipByUser")"), "\(question): \(plan)")
      #expect(plan.contains(isOfThing ? "shareItemByThing" : "shareByGrantee"), "\(question): \(plan)")
    }
  }

  @Test func `links and shares are made, found and ended without reading a whole table`() async throws {
    let test = try await TestCatalog()
    let (owner, other, things) = try await prepareUsers(test)
    let catalog = test.catalog
    let statements = try await statements(catalog) {
      try await catalog.allowLink(of: things[0].id, until: .start.adding(seconds: 1), audit: .deed("allow"))
      #expect(try await catalog.link(things[0].id, to: owner, needsAllowance: true, at: .start) == .linked)
      #expect(try await catalog.link(things[1].id, to: owner, needsAllowance: false, at: .start) == .linked)
      #expect(try await catalog.unlink(things[1].id, from: owner, at: .start))
      #expect(try await catalog.link(things[1].id, to: other, needsAllowance: false, at: .start) == .linked)
      #expect(try await catalog.unlink(things[1].id, at: .start, audit: .deed("unlink")))
      _ = try await catalog.ownerEmail(of: things[0].id)
      for number: UInt8 in [50, 51] {
        #expect(
          try await catalog.offer(share(test, number, of: owner, [things[0]], ["t"]), mail: Self.mail, at: .start))
        #expect(try await catalog.share(tokenHash: test.hash(number), at: .start) != nil)
      }
      #expect(try await catalog.confirmShare(tokenHash: test.hash(50), at: .start) == .confirmed)
      #expect(try await catalog.shares(of: owner).count == 2)
      #expect(try await catalog.unlink(things[0].id, from: other, at: .start))
      #expect(try await catalog.revokeShares(of: owner, with: "other@x", thingIDs: [things[0].id]))
      #expect(try await catalog.revokeShares(of: owner, with: "other@x", thingIDs: nil))
      try await catalog.setGrants(resources: ["t"], things: [], of: owner)
    }
    #expect(statements.count >= 30)
    try await expectNoScan(statements, catalog)
  }

  @Test func `values that are to go are found and deleted without reading a whole table or sorting`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let values = (1...3).map { StoredValue(key: "t", value: "\($0)", datetime: .start.adding(seconds: $0)) }
    try await test.catalog.record([], ResourceBatch(thingID: thing.id, changes: values.map { .append($0) }, arrivedAt: .start))
      .wait()
    let statements = try await statements(test.catalog) {
      let overdue = try await test.catalog.overdueValues(
        [(resourceID: 1, retention: Retention(values: 2, seconds: 10))], at: .start.adding(seconds: 12))
      #expect(try await test.catalog.delete(overdue, most: 10).deleted == 1)
    }
    #expect(statements.count == 3)
    try await expectNoScan(statements, test.catalog)
    for statement in statements {
      #expect(!(try await plan(statement, test.catalog).joined().contains("TEMP B-TREE")), "\(statement)")
    }
  }

  @Test func `what is overdue is found by its own index`() async throws {
    let test = try await TestCatalog()
    let statements = try await statements(test.catalog) {
      _ = try await test.catalog.awaitingConfirmation(installedBefore: .start, limit: 10)
    }
    let statement = try #require(statements.first)
    #expect(try await plan(statement, test.catalog).joined().contains("installationAwaiting"))
  }

  @Test func `what is to be mailed is found by its own index`() async throws {
    let test = try await TestCatalog()
    let statements = try await statements(test.catalog) {
      _ = try await test.catalog.dueMail(at: .start)
      _ = try await test.catalog.nextMailAttempt()
    }
    #expect(statements.count == 2)
    for statement in statements { #expect(try await plan(statement, test.catalog).joined().contains("mailDue")) }
  }
}
