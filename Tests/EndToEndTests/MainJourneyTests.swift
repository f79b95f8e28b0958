import Foundation
import Testing

@Suite(.serialized) struct MainJourneyTests {
  @Test func aFirmwareTravelsFromAnEngineersKeyToAConfirmedThing() async throws {
    let folder = try TemporaryFolder()
    let server = try await RunningServer.start(store: folder.path + "/store")
    let image = try folder.write(Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }), to: "image.bin")
    let key = folder.path + "/engineer.pem"
    #expect(try await server.command("key", "generate", key).status == 0)
    #expect(try await server.command("model", "create", "greatfet-one", "--mcu", "lpc4330").status == 0)
    #expect(try await server.command("model", "trust", "greatfet-one", folder.path + "/engineer.pub.pem").status == 0)
    let upload = try await server.command(
      "upload", image, "--model", "greatfet-one", "--mcu", "lpc4330", "--version", "2024.0.1", "--key", key, "--publish")
    #expect(upload.status == 0, "\(upload.errors)")
  }
}
