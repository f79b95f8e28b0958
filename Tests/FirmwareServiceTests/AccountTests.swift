import Catalog
import Cryptography
import Dispatch
import Domain
import Synchronization
import Testing

@testable import FirmwareService

@Suite("Accounts") struct AccountTests {
  private func logIn(_ test: TestService, _ email: String, _ password: String) async throws -> OpenedSession {
    try await test.service.logIn(email: email, password: password, app: nil, address: "")
  }

  @Test func `a login does the same work whether or not the e-mail is registered`() async throws {
    let test = try await TestService()
    _ = try await test.service.register(email: "ada@x", password: "a long password", app: nil, address: "")
    for (email, password) in [("ada@x", "wrong"), ("bob@x", "wrong"), ("no address", "wrong"), ("ada@x", "")] {
      let before = test.service.accounts.passwords.count
      await expectRefusal(.wrongCredentials, email) { _ = try await logIn(test, email, password) }
      #expect(test.service.accounts.passwords.count == before + 1, "\(email)")
    }
    #expect(test.service.accounts.nobody.cost == test.service.settings.passwordCost)
  }

  @Test func `sessions and accounts outlive a restart, and so does what was ended`() async throws {
    var test = try await TestService()
    let first = try await test.service.register(email: "ada@x", password: "a long password", app: "one", address: "")
    let user = try #require(try await test.service.identifyUser(session: first.token))
    #expect(user.email == "ada@x" && user.publicID == first.user.publicID && user.appID == first.user.appID)
    #expect(user.expiresAt == test.clock.now.adding(seconds: test.service.settings.sessionSeconds))
    test = try await test.restarted()
    #expect(try await test.service.identifyUser(session: first.token) == user)
    #expect(try await test.service.endSessions(of: user.publicID, by: "op") == 1)
    test = try await test.restarted()
    #expect(try await test.service.identifyUser(session: first.token) == nil)
    _ = try await test.service.createApp("two", by: "op")
    test = try await test.restarted()
    await expectRefusal(.unknownApp) {
      _ = try await test.service.logIn(email: "ada@x", password: "a long password", app: "one", address: "")
    }
  }

  @Test func `a login renews a password's hash whose cost was raised since`() async throws {
    var test = try await TestService()
    _ = try await test.service.register(email: "ada@x", password: "a long password", app: nil, address: "")
    let raised = ScryptCost(logCost: 5, blockSize: 2, parallelism: 1)
    test = try await test.restarted { $0.passwordCost = raised }
    for expected in [2, 1] {
      let before = test.service.accounts.passwords.count
      _ = try await logIn(test, "ada@x", "a long password")
      #expect(test.service.accounts.passwords.count == before + expected)
    }
    let stored = try await test.catalog.account(app: "default", email: "ada@x").passwordHash
    #expect(stored.flatMap { PasswordHash(text: $0) }?.cost == raised)
  }

  @Test func `a session does not begin by a password that was changed while it was checked`() async throws {
    let test = try await TestService()
    let opened = try await test.service.register(email: "ada@x", password: "a long password", app: nil, address: "")
    let (_, session) = test.service.newSession(at: test.clock.now)
    let begins = try await test.catalog.beginSession(session, of: opened.user.id, passwordHash: "older", at: test.clock.now)
    #expect(!begins)
  }

  @Test func `a session that has ended changes neither settings nor the password any more`() async throws {
    let test = try await TestService()
    let opened = try await test.service.register(email: "ada@x", password: "a long password", app: nil, address: "")
    let user = try #require(try await test.service.identifyUser(session: opened.token))
    _ = try await test.service.endSessions(of: user.publicID, by: "op")
    await expectRefusal(.sessionEnded) {
      try await test.service.changeSettings(
        .object(["password": .string("another password"), "a": .integer(1)]), of: user)
    }
    #expect(try await test.service.readSettings(of: user) == "{}")
    _ = try await logIn(test, "ada@x", "a long password")
  }

  @Test func `a session that ended while it was read is not kept in memory`() async throws {
    let table = SessionTable(capacity: 10)
    let user = SessionUser(
      userID: 1, appID: 1, publicID: "u", email: "a@b", sessionHash: [1], expiresAt: Timestamp(milliseconds: 10))
    let (none, ticket) = table.find([1], at: Timestamp(milliseconds: 0))
    #expect(none == nil)
    table.end([[1]])
    table.put(user, ticket: ticket)
    #expect(table.find([1], at: Timestamp(milliseconds: 0)).user == nil)
    table.put(user, ticket: table.find([1], at: Timestamp(milliseconds: 0)).ticket)
    #expect(table.find([1], at: Timestamp(milliseconds: 9)).user == user)
    #expect(table.find([1], at: Timestamp(milliseconds: 10)).user == nil)
  }

  @Test func `only so many passwords wait, two are worked on, and nobody else waits for them`() async throws {
    let test = try await TestService { $0.waitingPasswords = 1 }
    try await test.createModel()
    let thing = try await test.activate()
    let passwords = test.service.accounts.passwords
    let go = DispatchSemaphore(value: 0)
    let blocked = await Self.block(passwords, until: go)
    #expect(try await test.poll(thing.id).isEmpty, "a poll is answered while every worker is busy")
    // Of two more, one waits until there is a worker, and the other, whichever that is, is refused at once.
    let refusals = await withTaskGroup(of: ServiceError.Code?.self) { group in
      for _ in 0..<2 {
        group.addTask {
          do { try await passwords.run(for: []) {} } catch { return (error as? ServiceError)?.code }
          return nil
        }
      }
      let first = await group.next() ?? nil
      for _ in blocked { go.signal() }
      return [first, await group.next() ?? nil]
    }
    #expect(refusals == [.busy, nil])
    for task in blocked { try await task.value }
    try await passwords.run(for: []) {}
  }

  /// Gives every worker something to do; returns when all of them do it.
  private static func block(_ passwords: PasswordWork, until go: DispatchSemaphore) async -> [Task<Void, any Error>] {
    let started = DispatchSemaphore(value: 0)
    let blocked = (0..<PasswordWork.workers).map { _ in
      Task {
        try await passwords.run(for: []) {
          started.signal()
          go.wait()
        }
      }
    }
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "waits").async {
        for _ in 0..<PasswordWork.workers { started.wait() }
        continuation.resume()
      }
    }
    return blocked
  }

  private final class Refusals: Sendable {
    let codes = Mutex<[ServiceError.Code?]>([])
  }

  /// What one user or one address does many times at once.
  enum Crowd: CaseIterable, Sendable { case changes, logins, address }

  @Test(arguments: Crowd.allCases) func `one account or address leaves places for others to log in`(crowd: Crowd) async throws {
    let test = try await TestService {
      ($0.waitingPasswords, $0.passwordsOfAccount, $0.passwordsOfAddress) = (4, 2, 3)
      $0.passwordChanges = RateLimit(count: 1000, seconds: 1)
    }
    let service = test.service
    let opened = try await service.register(email: "ada@x", password: "a long password", app: nil, address: "")
    _ = try await service.register(email: "bob@x", password: "a long password", app: nil, address: "")
    let ada = try #require(try await service.identifyUser(session: opened.token))
    let go = DispatchSemaphore(value: 0)
    let blocked = await Self.block(service.accounts.passwords, until: go)
    let most = crowd == .address ? 3 : 2
    let refusals = Refusals()
    let crowded = (0..<20).map { number in
      Task {
        do {
          switch crowd {
          case .changes: try await service.changeSettings(.object(["password": .string("another password")]), of: ada)
          case .logins:
            _ = try await service.logIn(email: "ada@x", password: "a long password", app: nil, address: "\(number)")
          case .address:
            _ = try await service.register(email: "\(number)@x", password: "a long password", app: nil, address: "a")
          }
        } catch { refusals.codes.withLock { $0.append((error as? ServiceError)?.code) } }
      }
    }
    // Those that are refused are so at once; the others wait for the workers.
    for _ in 0..<500 where refusals.codes.withLock({ $0.count }) < 20 - most { try await Task.sleep(for: .milliseconds(10)) }
    let bob = Task { try await service.logIn(email: "bob@x", password: "a long password", app: nil, address: "") }
    try await Task.sleep(for: .milliseconds(100))
    for _ in blocked { go.signal() }
    await #expect(throws: Never.self) { _ = try await bob.value }
    for task in crowded { await task.value }
    // Ten logins of one account are counted before they are looked at.
    #expect(refusals.codes.withLock { $0.count } == 20 - most)
    #expect(refusals.codes.withLock { $0.allSatisfy { $0 == .busy || $0 == .tooOften } })
    for task in blocked { try await task.value }
  }

  @Test func `a bucket fills again with time, never beyond its limit, and takes back what shall not count`() throws {
    let buckets = AttemptBuckets(RateLimit(count: 2, seconds: 10), capacity: 100)
    var now = Timestamp(milliseconds: 0)
    try buckets.take([1], at: now)
    try buckets.take([1], at: now)
    #expect { try buckets.take([1], at: now) } throws: { ($0 as? ServiceError)?.retryAfter == 5 }
    try buckets.take([2], at: now)
    now = now.adding(seconds: 4)
    #expect { try buckets.take([1], at: now) } throws: { ($0 as? ServiceError)?.retryAfter == 1 }
    buckets.giveBack([1], at: now)
    try buckets.take([1], at: now)
    now = now.adding(seconds: 1_000_000)
    try buckets.take([1], at: now)
    try buckets.take([1], at: now)
    #expect(throws: ServiceError.self) { try buckets.take([1], at: now) }
    // A clock that is set back neither fills nor empties.
    #expect(throws: ServiceError.self) { try buckets.take([1], at: Timestamp(milliseconds: 0)) }
  }

  @Test func `what is remembered of callers is bounded, and keeps who comes again`() {
    var entries = RecentEntries<Int, Int>(capacity: 100)
    entries[-1] = 7
    for number in 0..<10_000 {
      entries[number] = number
      #expect(entries[-1] == 7 && entries.count <= 100)
    }
    #expect(entries[0] == nil && entries[9_999] == 9_999)
    entries[9_999] = nil
    #expect(entries[9_999] == nil)
  }
}
