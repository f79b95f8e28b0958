import Domain
import Foundation
import TestSupport
import Testing

/// A store whose files were damaged behind the service's back: the real program.
@Suite(.serialized) struct ServeStoreTests {
  /// A stopped store with one published image; gives the file of the image.
  private func withStore(
    imageSize: Int, _ body: (_ store: String, _ file: String, _ image: [UInt8], _ path: String) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let server = try await RunningServer.start(store: folder.path + "/store")
    let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
    let image = imageBytes(imageSize, seed: 71)
    let id = try await desk.release(image, mcu: "u", version: "1", sequence: 1)
    let token = try await desk.activateThings(1)[0]
    try await expectSoundAndStop(server)
    let hex = image.sha256
    try await body(
      server.store, "\(server.store)/images/sha256/\(hex.prefix(2))/\(hex)", image,
      "/v2/things/\(token)/firmwares/download/\(id)")
    // What was damaged has been put right again.
    try await expectSoundAndStop(try await RunningServer.start(store: server.store))
  }

  private func flip(_ file: String, at offset: UInt64) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
    try handle.seek(toOffset: offset)
    let byte = try handle.read(upToCount: 1)?.first ?? 0
    try handle.seek(toOffset: offset)
    try handle.write(contentsOf: Data([byte ^ 0x10]))
    try handle.close()
  }

  private func verify(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramResult {
    try await Program.run(Program.firmament, ["store", "verify", "--json"] + arguments, environment: environment)
  }

  private func expectUnsound(
    _ result: ProgramResult, _ kind: String, _ subject: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.status == 1, "\(result.output)", sourceLocation: sourceLocation)
    let report = try? JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
    #expect(report?["sound"] == .bool(false), sourceLocation: sourceLocation)
    let found = report?["problems"]?.elements?.contains { $0["kind"]?.text == kind && $0["subject"]?.text == subject }
    #expect(found == true, "\(result.output)", sourceLocation: sourceLocation)
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)", sourceLocation: sourceLocation)
  }

  @Test func aChangedByteIsFoundAndNotServed() async throws {
    try await withStore(imageSize: 200_000) { store, file, image, path in
      try flip(file, at: 123_456)
      expectUnsound(try await verify(["--store", store]), "imageDamaged", "sha256:\(image.sha256)")
      let people = try await Program.run(Program.firmament, ["store", "verify", "--store", store])
      #expect(people.status == 1)
      #expect(people.output.contains(image.sha256))
      let server = try await RunningServer.start(store: store)
      for range in [nil, "bytes=0-9", "bytes=123450-123460"] as [String?] {
        let answer = try await server.exchange(RawRequest(path: path, headers: range.map { [("Range", $0)] } ?? []))
        // What the disk did is no fault of the request.
        #expect(answer.status >= 500, "\(answer.status)")
        expectThingError(answer, answer.status)
      }
      let online = try await server.command("store", "verify", "--json")
      expectUnsound(online, "imageDamaged", "sha256:\(image.sha256)")
      try flip(file, at: 123_456)
      #expect(try await server.exchange("GET", path).body == image)
      #expect(await server.terminate() == 0)
    }
  }

  /// Runs statements on the catalog of a stopped or running store, as another program.
  /// - Returns: the rows of the last one, a line each.
  private func runSQL(_ statements: [String], _ store: String) async throws -> String {
    let program = """
      import sqlite3, sys
      catalog = sqlite3.connect(sys.argv[1], timeout=60)
      for statement in sys.argv[2:]: rows = catalog.execute(statement).fetchall()
      catalog.commit()
      for row in rows: print(*row)
      """
    let result = try await Program.run("python3", ["-c", program, store + "/catalog.sqlite"] + statements)
    try #require(result.status == 0, "\(result.errors)")
    return result.output
  }

  @Test func aStoreFromBeforeGetsSHA1AndMD5OfItsImagesOnceItIsServed() async throws {
    try await withStore(imageSize: 3_000_000) { store, file, _, _ in
      let (sha1, md5) = (try DigestProgram.sha1sum.digest(ofFile: file), try DigestProgram.md5sum.digest(ofFile: file))
      let ask = "SELECT sha1, md5 FROM image"
      #expect(try await runSQL([ask], store) == "\(sha1) \(md5)\n")
      _ = try await runSQL(
        [
          "DROP INDEX imageWithoutOtherDigests", "ALTER TABLE image DROP COLUMN md5", "ALTER TABLE image DROP COLUMN sha1",
          "DELETE FROM grdb_migrations WHERE identifier = '0007 image digests'",
        ], store)
      let server = try await RunningServer.start(store: store)
      try await eventually("SHA-1 and MD5 are made") { try await runSQL([ask], store) == "\(sha1) \(md5)\n" }
      try await expectSoundAndStop(server)
    }
  }

  @Test func aLargeImageWithAChangedByteIsFoundAndNotServedWhole() async throws {
    try await withStore(imageSize: 17 << 20) { store, file, image, path in
      try flip(file, at: 16 << 20)
      expectUnsound(try await verify(["--store", store]), "imageDamaged", "sha256:\(image.sha256)")
      let server = try await RunningServer.start(store: store)
      // Images that are too large for memory are read as they are sent. Wrong bytes must not look like the whole image.
      let answer = await Result.catching { try await server.exchange("GET", path) }
      if case .success(let answer) = answer {
        #expect(answer.status >= 500, "\(answer.status)")
        expectThingError(answer, answer.status)
      }
      try flip(file, at: 16 << 20)
      #expect(try await server.exchange("GET", path).body == image)
      #expect(await server.terminate() == 0)
    }
  }

  @Test func aCutOrMissingImageIsFoundAndNotServed() async throws {
    try await withStore(imageSize: 100_000) { store, file, image, path in
      let saved = try Data(contentsOf: URL(fileURLWithPath: file))
      try saved.dropLast(1).write(to: URL(fileURLWithPath: file))
      expectUnsound(try await verify(["--store", store]), "imageSize", "sha256:\(image.sha256)")
      let server = try await RunningServer.start(store: store)
      let cut = try await server.exchange("GET", path)
      expectThingError(cut, cut.status)
      #expect(cut.status >= 500, "\(cut.status)")
      try FileManager.default.removeItem(atPath: file)
      let gone = try await server.exchange("GET", path)
      expectThingError(gone, gone.status)
      #expect(gone.status >= 404)
      let online = try await server.command("store", "verify", "--json")
      expectUnsound(online, "imageMissing", "sha256:\(image.sha256)")
      // An upload of the same bytes puts it right.
      #expect(try await server.operate("PUT", "/api/v1/images/sha256:\(image.sha256)", image).status == 201)
      #expect(try await server.exchange("GET", path).body == image)
      #expect(await server.terminate() == 0)
    }
  }

  @Test func aStrayFileAmongTheImagesIsFound() async throws {
    try await withStore(imageSize: 1000) { store, file, _, _ in
      let stray = (file as NSString).deletingLastPathComponent + "/notes.txt"
      try Data("x".utf8).write(to: URL(fileURLWithPath: stray))
      expectUnsound(try await verify(["--store", store]), "strayFile", "notes.txt")
      try FileManager.default.removeItem(atPath: stray)
    }
  }

  @Test func aFolderThatIsNoStoreIsRefused() async throws {
    let folder = try TemporaryFolder()
    for path in [folder.path, folder.path + "/nothing", "/dev/null"] {
      let result = try await Program.run(Program.firmament, ["store", "verify", "--store", path])
      expectOneLine(result, "there is no store in \(path)")
    }
    // Looking for a store makes none.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    let file = try folder.write(Data("x".utf8), to: "file")
    let serve = try await Program.run(Program.firmament, ["serve", "--store", file, "--port", "0"])
    expectOneLine(serve, file)
  }

  @Test func aDamagedCatalogIsRefusedInOneLine() async throws {
    try await withStore(imageSize: 1000) { store, _, _, _ in
      let catalog = URL(fileURLWithPath: store + "/catalog.sqlite")
      let saved = try Data(contentsOf: catalog)
      try Data(repeating: 0x5A, count: saved.count).write(to: catalog)
      let verified = try await Program.run(Program.firmament, ["store", "verify", "--store", store])
      #expect(verified.status == 1)
      #expect(verified.errors.split(separator: "\n").count == 1, "\(verified.errors)")
      let served = try await Program.run(Program.firmament, ["serve", "--store", store, "--port", "0"])
      expectOneLine(served, store)
      try saved.write(to: catalog)
    }
  }
}
