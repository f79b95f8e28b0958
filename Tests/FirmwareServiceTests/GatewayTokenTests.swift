import Catalog
import Cryptography
import Domain
import Logging
import Testing

@testable import FirmwareService

@Suite("A gateway token") struct GatewayTokenTests {
  private func actions(_ test: TestService) async throws -> [String] {
    let entries = try await test.service.listAudit(PageRequest(limit: 1000, after: nil)).entries
    return entries.filter { $0.action.hasSuffix("GatewayToken") }.reversed().map { "\($0.actor) \($0.action) \($0.subject)" }
  }

  @Test func `is made once, is the same afterwards, and leads to its model, also after a restart`() async throws {
    var test = try await TestService()
    try await test.createModel()
    try await test.createModel("fan")
    let (token, none) = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada")
    #expect(token.utf8.count == 43 && token.utf8.allSatisfy(Base64URL.isCharacter) && none == nil)
    let (again, _) = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "bob")
    let (fan, _) = try await test.service.gatewayToken(ofModel: "fan", rotate: false, overlap: nil, by: "ada")
    #expect(again == token && fan != token)
    for _ in 0..<2 {
      #expect(test.service.identifyGateway(token)?.name == "lamp")
      #expect(test.service.identifyGateway(fan)?.name == "fan")
      for wrong in ["", " ", token + " ", String(token.dropLast()), token.lowercased(), "'", "\0"] {
        #expect(test.service.identifyGateway(wrong) == nil, "\(wrong)")
      }
      test = try await test.restarted()
    }
    #expect(
      try await actions(test) == [
        "ada model.createGatewayToken lamp", "bob model.readGatewayToken lamp", "ada model.createGatewayToken fan",
      ])
  }

  @Test func `has its model as that is now`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let (token, _) = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada")
    _ = try await test.service.setModel(
      "lamp", fourEyes: nil, pollInterval: nil, deviceDoor: DeviceDoorChange(unknownThings: .hold),
      modules: ["main": ModuleChange(moduleType: "os")], by: "ada")
    let model = try #require(test.service.identifyGateway(token))
    #expect(model.deviceDoor.unknownThings == .hold && model.deviceDoor.versionAttribute == "sw_version")
    #expect(model.mcus.map(\.part) == ["os"])
  }

  @Test func `that was rotated works beside the new one until the end of the overlap, exactly`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let (first, _) = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada")
    let (second, until) = try await test.service.gatewayToken(ofModel: "lamp", rotate: true, overlap: 60, by: "ada")
    #expect(first != second && until == test.clock.now.adding(seconds: 60))
    let shown = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada")
    #expect(shown.token == second && shown.previousExpiresAt == until)
    test.clock.advance(seconds: 59)
    for token in [first, second] { #expect(test.service.identifyGateway(token)?.name == "lamp") }
    test.clock.advance(seconds: 1)
    #expect(test.service.identifyGateway(first) == nil)
    #expect(test.service.identifyGateway(second)?.name == "lamp")
    #expect(
      try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").previousExpiresAt == nil)
    // At once, and a day where nothing is said.
    let (third, now) = try await test.service.gatewayToken(ofModel: "lamp", rotate: true, overlap: 0, by: "ada")
    #expect(test.service.identifyGateway(second) == nil && now == test.clock.now)
    let (_, day) = try await test.service.gatewayToken(ofModel: "lamp", rotate: true, overlap: nil, by: "ada")
    #expect(test.service.identifyGateway(third) != nil && day == test.clock.now.adding(seconds: 86_400))
    #expect(try await test.catalog.gatewayTokens().count == 2, "what ended goes with the next rotation")
  }

  @Test func `is one, however many ask for the first at once, and rotations leave one that lasts`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let service = test.service
    @Sendable func ask(rotate: Bool) async throws -> Set<String> {
      try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<20 {
          group.addTask { try await service.gatewayToken(ofModel: "lamp", rotate: rotate, overlap: nil, by: "ada").token }
        }
        return try await group.reduce(into: []) { $0.insert($1) }
      }
    }
    #expect(try await ask(rotate: false).count == 1)
    let made = try await actions(test)
    #expect(made.filter { $0.contains("create") }.count == 1 && made.filter { $0.contains("read") }.count == 19)
    let rotated = try await ask(rotate: true)
    #expect(rotated.count == 20)
    for token in rotated { #expect(service.identifyGateway(token)?.name == "lamp") }
    #expect(try await test.catalog.gatewayTokens().values.filter { $0.expiresAt == nil }.count == 1)
  }

  @Test func `is not told for what is asked wrongly, nor by a store with another key`() async throws {
    let test = try await TestService()
    try await test.createModel()
    for overlap in [-1, 31_536_001] as [Int64] {
      await expectRefusal(.malformed) {
        _ = try await test.service.gatewayToken(ofModel: "lamp", rotate: true, overlap: overlap, by: "ada")
      }
    }
    await expectRefusal(.malformed) {
      _ = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: 60, by: "ada")
    }
    await expectRefusal(.unknownModel) {
      _ = try await test.service.gatewayToken(ofModel: "none", rotate: false, overlap: nil, by: "ada")
    }
    #expect(try await test.catalog.gatewayTokens().isEmpty)
    let (token, _) = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada")
    let other = FirmwareService(
      catalog: test.catalog, images: test.images, sealingKey: SealingKey(bytes: Array(repeating: 8, count: 32))!,
      log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), clock: { [clock = test.clock] in clock.now })
    try await other.load()
    await expectRefusal(.unavailable) {
      _ = try await other.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada")
    }
    #expect(other.identifyGateway(token)?.name == "lamp")
    let (new, _) = try await other.gatewayToken(ofModel: "lamp", rotate: true, overlap: nil, by: "ada")
    let shown = try await other.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").token
    #expect(shown == new)
  }
}
