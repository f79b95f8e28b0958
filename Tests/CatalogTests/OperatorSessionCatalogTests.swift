import Domain
import Testing

@testable import Catalog

@Suite("Sessions of operators in the catalog") struct OperatorSessionCatalogTests {
  @Test func `do not come back with a token of the file that was replaced and comes back`() async throws {
    let test = try await TestCatalog()
    let (first, second) = (test.hash(1), test.hash(2))
    #expect(try await test.catalog.addOperatorToken(hash: first, name: "operator", at: .start))
    func begin(_ number: UInt8, by token: [UInt8]) async throws -> Bool {
      let session = OperatorSession(operatorHash: token, expiresAt: Timestamp.start.adding(seconds: Int64(number)))
      return try await test.catalog.beginOperatorSession(
        NewOperatorSession(hash: test.hash(number), session: session, createdAt: .start), most: 2,
        audit: .deed("operator.login"))
    }
    #expect(try await begin(10, by: first))
    #expect(try await test.catalog.operatorSessions()[test.hash(10)]?.operatorHash == first)
    #expect(try await test.catalog.addOperatorToken(hash: second, name: "operator", at: .start))
    #expect(try await test.catalog.operatorSessions().isEmpty)
    #expect(try await !begin(11, by: first), "it is revoked")
    #expect(try await !begin(11, by: test.hash(3)), "there is no such token")
    #expect(try await test.catalog.addOperatorToken(hash: first, name: "operator", at: .start))
    #expect(try await test.catalog.operatorSessions().isEmpty)
    for number in [10, 11, 12] as [UInt8] { #expect(try await begin(number, by: first)) }
    #expect(Set(try await test.catalog.operatorSessions().keys) == [test.hash(11), test.hash(12)])
    #expect(try await !test.catalog.removeExpiredOperatorSessions(at: .start))
    #expect(try await test.catalog.removeExpiredOperatorSessions(at: Timestamp.start.adding(seconds: 11)))
    #expect(Array(try await test.catalog.operatorSessions().keys) == [test.hash(12)])
    #expect(try await test.catalog.integrityProblems() == [])
  }
}
