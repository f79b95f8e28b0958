import Domain
import Testing

@testable import FirmwareService

/// A token that was ended must not come back, whatever asks at the same moment.
@Suite("A token that ended") struct EndedTokenTests {
  @Test func `stays ended though polls race with its end`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    for round in 0..<40 {
      let thing = try await test.activate()
      let token = try await test.service.readToken(of: thing.publicID, by: "tester").secret
      let service = test.service
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<6 {
          group.addTask {
            guard let id = try? await service.identifyThing(token) else { return }
            _ = try? await service.offerFirmware(to: id, running: nil)
          }
        }
        group.addTask {
          if round % 2 == 0 {
            try await service.retireThing(thing.publicID, by: "tester")
          } else {
            _ = try await service.resetThing(thing.publicID, by: "tester")
          }
        }
        try await group.waitForAll()
      }
      await #expect("round \(round)") { _ = try await service.identifyThing(token) } throws: {
        ($0 as? ServiceError)?.code == .unknownThing
      }
    }
  }

  @Test func `is the operator's before, once another was admitted for them`() async throws {
    let test = try await TestService()
    try await test.service.admitOperator(token: "the first token", name: "operator")
    try await test.service.admitOperator(token: "the second token", name: "operator")
    #expect(test.service.operatorName(token: "the first token") == nil)
    #expect(test.service.operatorName(token: "the second token") == "operator")
    try await test.service.admitOperator(token: "the first token", name: "operator")
    #expect(test.service.operatorName(token: "the first token") == "operator")
  }
}
