import Domain
import Foundation
import TestSupport
import Testing

/// Uploads that are cut, and servers that are killed in the middle of them: nothing is lost and nothing is half-registered.
@Suite(.serialized, .timeLimit(.minutes(10))) struct InterruptionUploadTests {
  private let model = Workshop.model
  private let mcu = Workshop.mcu

  /// The command line at work on an upload, by way of `url`.
  private func startUpload(
    _ image: SeededImage, version: String, _ workshop: Workshop, by url: String
  ) throws -> StartedProgram {
    try StartedProgram(
      Program.firmament,
      Workshop.uploading(image.path, model: model, mcu: mcu, version: version, key: workshop.key),
      environment: ["FIRMAMENT_URL": url, "FIRMAMENT_TOKEN": workshop.server.token])
  }

  private func versions(_ workshop: Workshop) async throws -> [String] {
    try await workshop.json("firmware", "list")["firmwares"]?.elements?.compactMap { $0["version"]?.text } ?? []
  }

  /// What a thing gets of the newest firmware.
  private func downloadedDigest(_ thing: CurlThing) async throws -> String {
    let id = try #require(try await thing.poll().json?["firmwares"]?[0]?["_id"]?.text)
    return try await thing.download(id).body.sha256
  }

  @Test func anUploadThatIsCutTwiceGoesOnWhereItStopped() async throws {
    let workshop = try await Workshop.openWithModel()
    let image = try await SeededImage(30_000_000, seed: 1, in: workshop.folder)
    let proxy = try TappedProxy(to: workshop.server.url)
    proxy.cut(.toServer, at: 9_000_000)
    proxy.cut(.toServer, at: 21_000_000)
    let upload = try await startUpload(image, version: "1.0.0", workshop, by: proxy.url).result()
    #expect(upload.status == 0, "\(upload.errors)")
    #expect(upload.errors.contains("Waiting"), "\(upload.errors)")
    #expect(proxy.cuts == 2)
    // Nothing that had arrived was sent again, but for what was on its way when the connection broke: some MB where the server,
    // which hashes when nobody else wants a processor, has not come to it. To begin anew once would take nine more.
    #expect(proxy.passed(.toServer) > image.size)
    #expect(proxy.passed(.toServer) < image.size + 8_500_000)
    #expect(try await downloadedDigest(try await workshop.newThing(model)) == image.sha256)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aKilledServerKnowsNothingOfAnImageThatHadNotArrivedWhole() async throws {
    var workshop = try await Workshop.openWithModel()
    let image = try await SeededImage(20_000_000, seed: 2, in: workshop.folder)
    let path = "/api/v1/images/sha256:\(image.sha256)"
    let connection = try RawConnection(workshop.server.url)
    let head = "PUT \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(workshop.server.token)\r\n"
    #expect(await connection.send(head + "Content-Length: \(image.size)\r\n\r\n"))
    #expect(await connection.send(Array(try image.bytes(0..<12_345_678))))
    _ = try await workshop.server.operate("HEAD", path) { (Int($0["upload-offset"] ?? "") ?? 0) > 10_000_000 }
    try await workshop.killAndRestart()
    connection.close()

    try await expectSound(workshop.server)
    let report = try await workshop.json("store", "verify")
    #expect(report["images"] == .integer(0))
    #expect(report["firmwares"] == .integer(0))
    #expect(try await versions(workshop).isEmpty)
    let probe = try await workshop.server.operate("HEAD", path)
    #expect(probe.status == 404)
    let offset = try #require(probe["upload-offset"].flatMap { Int($0) })
    #expect(offset > 10_000_000 && offset <= 12_345_678)
    // A manifest for it is refused, however well signed.
    let desk = try await EngineersDesk(workshop.server, model: "other", mcus: ["m"])
    let manifest = ManifestText(
      mcu: "m", model: "other", sequence: 1, sha256: image.sha256, size: image.size, version: "1.0.0")
    let refused = try await desk.register(try manifest.envelope(signedBy: desk.key), publish: true)
    #expect(refused.status == 409 || refused.status == 422, "\(refused.text)")
    #expect(refused.json?["code"]?.text?.contains("image") == true, "\(refused.text)")

    let range = (name: "Content-Range", value: "bytes \(offset)-\(image.size - 1)/\(image.size)")
    let rest = try await workshop.server.operate(
      "PUT", path, headers: [range], Array(try image.bytes(offset..<image.size)))
    #expect(rest.status == 201, "\(rest.text)")
    try await workshop.upload(image.path, model: model, mcu: mcu, version: "1.0.0")
    #expect(try await downloadedDigest(try await workshop.newThing(model)) == image.sha256)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aServerKilledAtAnyMomentOfAnUploadLosesNothing() async throws {
    var workshop = try await Workshop.openWithModel()
    var generator = SeededGenerator(seed: 3)
    let size = 12_000_000
    // The first one is not disturbed: it tells how many bytes go to the server in all.
    let calm = try await SeededImage(size, seed: 300, in: workshop.folder)
    let observer = try TappedProxy(to: workshop.server.url)
    #expect(try await startUpload(calm, version: "1.0.0", workshop, by: observer.url).result().status == 0)
    let total = observer.passed(.toServer)
    try #require(total > size)
    let moments =
      (0..<4).map { _ in Int.random(in: 1..<size, using: &generator) } + [total - 1200, total - 600, total - 1, total]
    for (round, moment) in moments.enumerated() {
      let image = try await SeededImage(size, seed: UInt64(301 + round), in: workshop.folder)
      let version = "1.0.\(round + 1)"
      let proxy = try TappedProxy(to: workshop.server.url)
      let server = workshop.server
      proxy.when(.toServer, reaches: moment) { server.sendSignal(SIGKILL) }
      let upload = try startUpload(image, version: version, workshop, by: proxy.url)
      // Near the end a byte more or less decides whether the moment comes: then the server is killed when all is done.
      if moment >= total - 1 {
        _ = await upload.result()
        await server.killNow()
      }
      try await workshop.restartEndedServer()
      try await expectSound(workshop.server)
      let known = try await versions(workshop)
      #expect(known.filter { $0 == version }.count <= 1, "\(known)")
      let first = await upload.result()
      // It has gone on by itself, unless the cut came in the last step; then the same command again is all it takes.
      if first.status != 0 {
        try await workshop.upload(image.path, model: model, mcu: mcu, version: version)
      }
      #expect(try await versions(workshop).filter { $0 == version }.count == 1, "\(first.errors)")
      #expect(try await downloadedDigest(try await workshop.newThing(model)) == image.sha256)
    }
    #expect(try await versions(workshop).count == moments.count + 1)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func twoUploadsOfTheSameFirmwareAtOnceBothSucceed() async throws {
    let workshop = try await Workshop.openWithModel()
    let image = try await SeededImage(30_000_000, seed: 8, in: workshop.folder)
    let first = try startUpload(image, version: "1.0.0", workshop, by: workshop.server.url)
    let second = try startUpload(image, version: "1.0.0", workshop, by: workshop.server.url)
    let (one, other) = (await first.result(), await second.result())
    #expect(one.status == 0, "\(one.errors)")
    #expect(other.status == 0, "\(other.errors)")
    let ids = try [one, other].map { try JSONValue.reading($0.output)["id"] }
    #expect(ids[0] != nil && ids[0] == ids[1])
    #expect(try await versions(workshop) == ["1.0.0"])
    #expect(try await downloadedDigest(try await workshop.newThing(model)) == image.sha256)
    try await expectSoundAndStop(workshop.server)
  }
}
