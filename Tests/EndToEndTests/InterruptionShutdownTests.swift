import Domain
import Foundation
import TestSupport
import Testing

/// A server that is told to stop: it finishes what is under way, within the time that it has for it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct InterruptionShutdownTests {
  private let model = Workshop.model
  private let mcu = Workshop.mcu
  /// Longer than any test: whoever waits for it does not end.
  private let patient = ["FIRMAMENT_SHUTDOWN_TIMEOUT": "86400"]

  @Test func aServerToldToStopFinishesADownloadThatIsUnderWay() async throws {
    let workshop = try await Workshop.openWithModel(environment: patient)
    let image = try await SeededImage(64 << 20, seed: 6, in: workshop.folder)
    let id = try await workshop.upload(image.path, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    let idle = try RawConnection(workshop.server.url)
    await idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try await idle.answer().status == 200)
    let silent = try RawConnection(workshop.server.url)
    let file = "\(workshop.folder.path)/slow.bin"
    let download = try StartedProgram("curl", ["-sS", "-f", "--limit-rate", "20M", "-o", file, thing.downloadURL(id)])
    try await eventually("the download begins") { sizeOfFile(file) > 1 << 20 }
    #expect(await workshop.server.terminate() == 0)
    let downloaded = await download.result()
    #expect(downloaded.status == 0, "\(downloaded.errors)")
    #expect(try SeededImage.sha256(ofFile: file) == image.sha256)
    // Those that had nothing under way were let go.
    #expect(try await idle.readToEnd().isEmpty)
    #expect(try await silent.readToEnd().isEmpty)
    try await expectSoundStoppedStore(workshop)
  }

  @Test func aServerToldToStopWaitsAsLongAsItMayForAThingThatDoesNotRead() async throws {
    let workshop = try await Workshop.openWithModel(environment: ["FIRMAMENT_SHUTDOWN_TIMEOUT": "4"])
    let image = try await SeededImage(64 << 20, seed: 7, in: workshop.folder)
    let id = try await workshop.upload(image.path, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    let stuck = try RawConnection(workshop.server.url)
    await stuck.send("GET /v2/things/\(thing.token)/firmwares/download/\(id) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try await eventually("the download begins") { try await workshop.counts(model, "1.0.0") == ["downloading": 1] }
    let began = ContinuousClock.now
    #expect(await workshop.server.terminate() == 0)
    #expect(ContinuousClock.now - began >= .seconds(3))
    let arrived = try await stuck.readToEnd()
    #expect(arrived.count < image.size)
    try await expectSoundStoppedStore(workshop)
  }

  @Test func aServerToldToStopFinishesAnUploadThatIsUnderWay() async throws {
    let workshop = try await Workshop.openWithModel(environment: patient)
    let image = try await SeededImage(8_000_000, seed: 11, in: workshop.folder)
    let path = "/api/v1/images/sha256:\(image.sha256)"
    let upload = try RawConnection(workshop.server.url)
    let head = "PUT \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(workshop.server.token)\r\n"
    await upload.send(head + "Content-Length: \(image.size)\r\n\r\n")
    await upload.send(Array(try image.bytes(0..<4_000_000)))
    _ = try await workshop.server.operate("HEAD", path) { (Int($0["upload-offset"] ?? "") ?? 0) > 1_000_000 }
    workshop.server.sendSignal(SIGTERM)
    try await eventually("the server takes no more connections") { (try? RawConnection(workshop.server.url)) == nil }
    await upload.send(Array(try image.bytes(4_000_000..<image.size)))
    #expect(try await upload.answer().status == 201)
    #expect(await workshop.server.terminate() == 0)
    try await expectSoundStoppedStore(workshop)
  }

  @Test func connectionsWithNothingUnderWayDoNotDelayTheEnd() async throws {
    let workshop = try await Workshop.openWithModel(environment: patient)
    let thing = try await workshop.newThing(model)
    var connections: [RawConnection] = []
    for number in 0..<40 {
      let connection = try RawConnection(workshop.server.url)
      connections.append(connection)
      guard number % 2 == 0 else { continue }
      await connection.send("GET /v2/things/\(thing.token)/firmwares/latest HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(try await connection.answer().status == 200)
    }
    #expect(await workshop.server.terminate() == 0)
    for connection in connections { #expect(try await connection.readToEnd().isEmpty) }
    try await expectSoundStoppedStore(workshop)
  }

  private func expectSoundStoppedStore(_ workshop: Workshop) async throws {
    let result = try await Program.run(Program.firmament, ["store", "verify", "--store", workshop.server.store, "--json"])
    #expect(result.status == 0, "\(result.output) \(result.errors)")
    #expect(try JSONValue.reading(result.output)["sound"] == .bool(true))
  }
}
