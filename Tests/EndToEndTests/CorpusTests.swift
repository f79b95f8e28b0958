import Domain
import Foundation
import TestSupport
import Testing

/// Real firmware: every image of several models goes through the whole journey.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CorpusTests {
  @Test(arguments: Corpus.all)
  func everyRealImageReachesItsThingsUnchanged(corpus: Corpus) async throws {
    let workshop = try await Workshop.open()
    let images = try corpus.images()
    let models = images.map(\.model).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    try #require(models.count > 1)
    for model in models {
      let versions = images.filter { $0.model == model }
      let mcus = Set(versions.map(\.mcu)).sorted()
      try await workshop.command(["model", "create", model] + mcus.flatMap { ["--mcu", $0] })
      try await workshop.command("model", "trust", model, workshop.publicKey)
      let thing = try await workshop.newThing(model)
      for (number, image) in versions.enumerated() {
        let previous = number > 0 ? versions[number - 1].version : nil
        try await travel(image, of: corpus, after: previous, to: thing, in: workshop, verifying: number == 0)
      }
    }
    let status = try #require(try await workshop.json("status")["firmwares"]?.elements)
    #expect(status.count == images.count)
    // The counts are of the state that each thing is in now: its newest firmware's.
    let newest = Set(models.compactMap { model in images.last { $0.model == model }?.id })
    for firmware in status {
      let id = "\(firmware["model"]?.text ?? "")@\(firmware["version"]?.text ?? "")"
      #expect(firmware["counts"]?["confirmed"] == .integer(newest.contains(id) ? 1 : 0), "\(id)")
    }
    let report = try await workshop.json("store", "verify")
    #expect(report["images"]?.wholeNumber == Int64(Set(images.map(\.sha256)).count))
    #expect(report["firmwares"]?.wholeNumber == Int64(images.count))
    try await expectSoundAndStop(workshop.server)
  }

  /// One image from the command line to a thing that confirms it.
  private func travel(
    _ image: Corpus.Image, of corpus: Corpus, after previous: String?, to thing: CurlThing, in workshop: Workshop,
    verifying: Bool
  ) async throws {
    let name = Comment(rawValue: image.id)
    let bytes = try corpus.bytes(image)
    try #require(bytes.count == image.size && bytes.sha256 == image.sha256, name)
    let id = try await workshop.upload(
      corpus.path(image), model: image.model, mcu: image.mcu, version: image.version)

    // As a device asks that is on its own and reads until the end.
    let connection = try RawConnection(thing.server)
    await connection.send(
      "GET /v2/things/\(thing.token)/firmwares/latest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    let poll = try await connection.readToEnd()
    #expect(poll.count < 1400, name)
    let end = try #require(poll.place(of: RawAnswer.endOfHead))
    let entries = try JSONValue.reading(String(decoding: poll[end.upperBound...], as: UTF8.self))["firmwares"]?.elements
    #expect(entries?.count == 1, name)
    let offer = try #require(entries?.first)
    #expect(offer["_id"] == .string(id), name)
    #expect(offer["version"] == .string(image.version), name)
    #expect(offer["mcu"] == .string(image.mcu), name)
    #expect(offer["size"] == .integer(Int64(image.size)), name)
    #expect(offer["sha256"] == .string(image.sha256), name)
    #expect(offer["update"] == .bool(true), name)
    #expect(offer["url"] == .string("/v2/things/\(thing.token)/firmwares/download/\(id)"), name)

    try await expectRanges(of: bytes, id, thing, name)
    let whole = try await thing.download(id)
    #expect(whole.status == 200, name)
    #expect(whole["content-length"] == String(image.size), name)
    #expect(whole["etag"] == "\"sha256:\(image.sha256)\"", name)
    #expect(whole["content-encoding"] == nil, name)
    #expect(whole.body.sha256 == image.sha256, name)
    let head = try await thing.download(id, "--head")
    #expect(head["content-length"] == String(image.size) && head["etag"] == whole["etag"], name)
    if verifying {
      let envelope = try await thing.manifest(id)
      let verified = try await ImageVerification.run(
        envelope: envelope.body, image: whole.body, publicKey: workshop.publicKey)
      #expect(verified.status == 0, "\(image.id): \(verified.output) \(verified.errors)")
    }

    #expect(try await thing.report(mcu: image.mcu, version: image.version, status: "installed").status == 201, name)
    let between = try await thing.poll(mcu: image.mcu, version: previous ?? "none")
    #expect(between.json?["firmwares"]?.elements?.first?["version"]?.text == previous, name)
    let confirmed = try await thing.poll(mcu: image.mcu, version: image.version)
    #expect(confirmed.json?["firmwares"]?[0]?["_id"] == .string(id), name)
    #expect(confirmed.json?["firmwares"]?[0]?["update"] == .bool(false), name)
  }

  /// The first bytes, the last ones, some in the middle, and several ranges at once.
  private func expectRanges(of bytes: [UInt8], _ id: String, _ thing: CurlThing, _ name: Comment) async throws {
    let size = bytes.count
    let middle = size / 3..<size / 3 + 1000
    let single = [
      ("0-511", 0..<512), ("-700", size - 700..<size), ("\(middle.lowerBound)-\(middle.upperBound - 1)", middle),
      ("\(size - 9)-\(size + 1000)", size - 9..<size), ("\(size / 2)-", size / 2..<size),
    ]
    for (text, range) in single {
      let part = try await thing.download(id, "--header", "Range: bytes=\(text)")
      #expect(part.status == 206, name)
      #expect(part["content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)", name)
      #expect(part["content-length"] == String(range.count), name)
      #expect(part.body == Array(bytes[range]), name)
    }
    for (tag, status) in [("\"sha256:\(bytes.sha256)\"", 206), ("\"sha256:stale\"", 200)] {
      let answer = try await thing.download(id, "--header", "Range: bytes=10-19", "--header", "If-Range: \(tag)")
      #expect(answer.status == status, name)
      #expect(answer.body == (status == 206 ? Array(bytes[10..<20]) : bytes), name)
    }
    let several = [0..<100, middle, size - 50..<size]
    let specification = several.map { "\($0.lowerBound)-\($0.upperBound - 1)" }.joined(separator: ", ")
    let answer = try await thing.download(id, "--header", "Range: bytes=\(specification)")
    #expect(answer.status == 206, name)
    let parts = try MultipartBody(answer).parts
    #expect(parts.map(\.contentRange) == several.map { "bytes \($0.lowerBound)-\($0.upperBound - 1)/\(size)" }, name)
    #expect(parts.map(\.body) == several.map { Array(bytes[$0]) }, name)
    let beyond = try await thing.download(id, "--header", "Range: bytes=\(size)-")
    #expect(beyond.status == 416, name)
    #expect(beyond["content-range"] == "bytes */\(size)", name)
  }
}
