import Domain
import Foundation
import TestSupport
import Testing

/// Uploads that go wrong, against the real program.
@Suite(.serialized) struct BadInputUploadTests {
  private func path(_ image: [UInt8]) -> String { "/api/v1/images/sha256:\(image.sha256)" }

  /// The files among the images and those in staging.
  private func files(_ server: RunningServer) -> [String] {
    ["images", "staging"].flatMap { folder in
      let found = FileManager.default.enumerator(atPath: "\(server.store)/\(folder)")?.compactMap { $0 as? String } ?? []
      return found.filter { name in
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: "\(server.store)/\(folder)/\(name)", isDirectory: &isFolder)
          && !isFolder.boolValue
      }
    }
  }

  @Test func bytesThatAreNotTheImageAreRefusedAndNothingOfThemIsKept() async throws {
    try await withServer { server in
      let image = imageBytes(300_000, seed: 1)
      var wrong = image
      wrong[299_999] ^= 1
      for isChunked in [false, true] {
        expectProblem(try await server.operate("PUT", path(image), wrong, isChunked: isChunked), 422, "digest-mismatch")
        let probe = try await server.operate("HEAD", path(image))
        #expect(probe.status == 404)
        #expect(probe["upload-offset"] == "0")
      }
      // Fewer bytes than the image has, with a Content-Length that says so.
      expectProblem(try await server.operate("PUT", path(image), Array(image.dropLast())), 422, "digest-mismatch")
      expectProblem(try await server.operate("PUT", path(image), []), 422, "digest-mismatch")
      expectProblem(try await server.operate("PUT", path(image), image + [0]), 422, "digest-mismatch")
      #expect(files(server).isEmpty)
      #expect(try await server.operate("PUT", path(image), image).status == 201)
      #expect(try await server.operate("PUT", path(image), image).status == 200)
      let probe = try await server.operate("HEAD", path(image))
      #expect(probe.status == 200)
      #expect(probe["content-length"] == "300000")
    }
  }

  @Test func anUploadWhoseConnectionIsCutIsKeptAndContinued() async throws {
    try await withServer { server in
      let image = imageBytes(700_001, seed: 2)
      let half = 650_000
      let connection = try RawConnection(server.url)
      await connection.send(head(server, image, length: image.count))
      await connection.send(Array(image[..<half]))
      connection.close()
      // The server learns of the cut in its own time.
      _ = try await server.operate("HEAD", path(image)) { $0.status == 404 && $0["upload-offset"] == String(half) }
      let rest = try await server.operate(
        "PUT", path(image), headers: [("Content-Range", "bytes \(half)-\(image.count - 1)/\(image.count)")],
        Array(image[half...]))
      #expect(rest.status == 201, "\(rest.text)")
      #expect(rest.json?["size"]?.wholeNumber == Int64(image.count))
      #expect(files(server) == ["sha256/\(image.sha256.prefix(2))/\(image.sha256)"])
    }
  }

  @Test func aContinuationWithWrongBytesDropsWhatHadArrivedBefore() async throws {
    try await withServer { server in
      let image = imageBytes(600_000, seed: 3)
      let connection = try RawConnection(server.url)
      await connection.send(head(server, image, length: image.count))
      await connection.send(Array(image[..<1000]))
      connection.close()
      _ = try await server.operate("HEAD", path(image)) { $0["upload-offset"] == "1000" }
      let wrong = try await server.operate(
        "PUT", path(image), headers: [("Content-Range", "bytes 1000-599999/600000")],
        [UInt8](repeating: 0, count: 599_000))
      expectProblem(wrong, 422, "digest-mismatch")
      #expect(try await server.operate("HEAD", path(image))["upload-offset"] == "0")
      #expect(files(server).isEmpty)
    }
  }

  @Test func anUploadLargerThanTheLimitIsRefusedWhetherItsLengthIsKnownOrNot() async throws {
    try await withServer(["--largest-image", "100000"]) { server in
      let large = imageBytes(100_001, seed: 4)
      expectProblem(try await server.operate("PUT", path(large), large), 413, "image-too-large")
      expectProblem(try await server.operate("PUT", path(large), large, isChunked: true), 413, "image-too-large")
      // Only announced, by a length that no machine has and by a range.
      for header in [("Content-Length", "9223372036854775807"), ("Content-Length", "100001")] {
        let connection = try RawConnection(server.url)
        await connection.send(
          "PUT \(path(large)) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(server.token)\r\n\(header.0): \(header.1)\r\n\r\n")
        expectProblem(try await connection.answer(), 413, "image-too-large")
        connection.close()
      }
      let ranged = try await server.operate(
        "PUT", path(large), headers: [("Content-Range", "bytes 0-100000/100001")], large, isChunked: true)
      expectProblem(ranged, 413, "image-too-large")
      #expect(files(server).isEmpty)
      let largest = imageBytes(100_000, seed: 5)
      #expect(try await server.operate("PUT", path(largest), largest, isChunked: true).status == 201)
    }
  }

  @Test func aClientThatStopsSendingIsGivenUpAndItsBytesAreKept() async throws {
    try await withServer(environment: ["FIRMAMENT_BODY_TIMEOUT": "1"]) { server in
      let image = imageBytes(50_000, seed: 6)
      let connection = try RawConnection(server.url)
      // Together: between two there may be more than a second.
      await connection.send(Array(head(server, image, length: image.count).utf8) + image[..<20_000])
      let answer = try await connection.answer()
      expectProblem(answer, 408)
      #expect(try await connection.readToEnd().isEmpty)
      // What arrived is there to be continued, and the image is free for the next upload.
      _ = try await server.operate("HEAD", path(image)) { $0["upload-offset"] == "20000" }
      let rest = try await server.operate(
        "PUT", path(image), headers: [("Content-Range", "bytes 20000-49999/50000")], Array(image[20_000...]))
      #expect(rest.status == 201, "\(rest.text)")
    }
  }

  @Test func aRangeThatDoesNotContinueWhatArrivedIsRefused() async throws {
    try await withServer { server in
      let image = imageBytes(1000, seed: 7)
      let beyond = try await server.operate(
        "PUT", path(image), headers: [("Content-Range", "bytes 500-999/1000")], Array(image[500...]))
      expectProblem(beyond, 416, "wrong-offset")
      #expect(beyond["upload-offset"] == "0")
      let malformed = [
        "bytes", "bytes 0-999", "bytes 0-998/1000", "bytes 0-999/*", "bytes */0", "bytes 999-0/1000", "bytes -1-999/1000",
        "items 0-999/1000", "bytes 0-999/1000/1000", "bytes 99999999999999999999-999/1000", "bytes a-b/c", "",
        "bytes 0-9223372036854775807/-9223372036854775808", "bytes 0--1/0",
      ]
      for range in malformed {
        let answer = try await server.operate("PUT", path(image), headers: [("Content-Range", range)], image)
        expectProblem(answer, 400, "malformed", range)
      }
      // A range that is well formed, with a body of another length.
      let short = try await server.operate("PUT", path(image), headers: [("Content-Range", "bytes 0-999/1000")], [1, 2, 3])
      expectProblem(short, 400, "malformed")
      #expect(files(server).isEmpty)
      #expect(try await server.operate("HEAD", path(image)).status == 404)
    }
  }

  @Test func aDigestThatIsNoneIsRefused() async throws {
    try await withServer { server in
      let hex = imageBytes(10, seed: 8).sha256
      let names = [
        hex, "sha256:", "sha256:\(hex.uppercased())", "sha256:\(hex)0", "sha256:\(hex.dropLast())", "sha512:\(hex)",
        "sha256:..%2F..%2Foperator.token", "sha256:%00", "sha256:\(hex.dropLast())%2F", "sha256:\(hex.dropLast(2))%C3%BC",
        "%FF",
      ]
      for name in names {
        expectProblem(try await server.operate("PUT", "/api/v1/images/\(name)", [1]), 400, "malformed", name)
        #expect(try await server.operate("HEAD", "/api/v1/images/\(name)").status == 400, "\(name)")
      }
      #expect(files(server).isEmpty)
    }
  }

  @Test func twoUploadsOfOneImageAtOnceDoNotMix() async throws {
    try await withServer { server in
      let image = imageBytes(2_000_000, seed: 9)
      let first = try RawConnection(server.url)
      await first.send(head(server, image, length: image.count))
      await first.send(Array(image[..<1_500_000]))
      // It is under way once some of it has reached the disk.
      _ = try await server.operate("HEAD", path(image)) { $0["upload-offset"] != "0" }
      let second = try await server.operate("PUT", path(image), image)
      expectProblem(second, 409, "upload-in-progress")
      #expect(second["retry-after"].flatMap { Int($0) } != nil)
      await first.send(Array(image[1_500_000...]))
      #expect(try await first.answer().status == 201)
      #expect(try await server.operate("PUT", path(image), image).status == 200)
    }
  }

  @Test func manyUploadsOfOneImageAtOnceAllEndWellOrAreToldToWait() async throws {
    try await withServer { server in
      let image = imageBytes(400_000, seed: 10)
      let answers = try await withThrowingTaskGroup(of: RawAnswer.self) { group in
        for _ in 0..<12 { group.addTask { try await server.operate("PUT", self.path(image), image) } }
        return try await group.reduce(into: [RawAnswer]()) { $0.append($1) }
      }
      #expect(answers.contains { $0.status == 201 })
      for answer in answers where ![200, 201].contains(answer.status) { expectProblem(answer, 409, "upload-in-progress") }
      #expect(try await server.operate("PUT", path(image), image).status == 200)
    }
  }

  @Test func twoPeopleUploadTheSameVersionAtOnceAndOneBytesWin() async throws {
    try await withServer { server in
      let folder = try TemporaryFolder()
      let key = folder.path + "/engineer.pem"
      #expect(try await server.command("key", "generate", key).status == 0)
      #expect(try await server.command("model", "create", "m", "--mcu", "u").status == 0)
      #expect(try await server.command("model", "trust", "m", folder.path + "/engineer.pub.pem").status == 0)
      let mine = try folder.write(Data(imageBytes(90_000, seed: 11)), to: "mine.bin")
      let theirs = try folder.write(Data(imageBytes(90_000, seed: 12)), to: "theirs.bin")
      func upload(_ file: String, _ version: String) async throws -> ProgramResult {
        try await server.command("upload", file, "--model", "m", "--mcu", "u", "--version", version, "--key", key, "--json")
      }
      async let one = upload(mine, "1.0.0")
      async let other = upload(theirs, "1.0.0")
      let results = try await [one, other]
      #expect(results.map(\.status).sorted() == [0, 1])
      let refused = try #require(results.first { $0.status == 1 })
      #expect(refused.output.isEmpty)
      #expect(refused.errors.contains("registered with other bytes"), "\(refused.errors)")
      // The same bytes under the same version by two at once: both are right.
      async let again = upload(mine, "1.0.1")
      async let twice = upload(mine, "1.0.1")
      let same = try await [again, twice]
      #expect(same.map(\.status) == [0, 0], "\(same.map(\.errors))")
      let list = try await server.operate("GET", "/api/v1/firmwares")
      #expect(list.json?["firmwares"]?.elements?.compactMap { $0["version"]?.text } == ["1.0.1", "1.0.0"])
    }
  }

  private func head(_ server: RunningServer, _ image: [UInt8], length: Int) -> String {
    "PUT \(path(image)) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(server.token)\r\n"
      + "Content-Length: \(length)\r\n\r\n"
  }
}
