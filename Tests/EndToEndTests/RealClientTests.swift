import Domain
import Foundation
import TestSupport
import Testing

/// Real download clients over a server that dies on them, and requests as old device code writes them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RealClientTests {
  private let model = "greatfet-one"
  private let mcu = "lpc4330"

  /// A program that fetches a URL into `image.bin` of its folder, goes on with what is there, and gives up when it is cut.
  struct Client: Sendable, CustomTestStringConvertible {
    let program: String
    let options: [String]
    /// Makes it slow enough to be caught in the middle.
    let slow: [String]
    /// One connection, read to its end: what the server sent is what the client has. Others close connections that have brought
    /// what they want, with megabytes still on their way.
    let readsAll: Bool
    var testDescription: String { program }
  }

  static let clients = [
    Client(program: "curl", options: ["-sS", "-C", "-", "-o", "image.bin"], slow: ["--limit-rate", "8M"], readsAll: true),
    Client(
      program: "wget", options: ["-nv", "-c", "--tries=1", "-O", "image.bin"], slow: ["--limit-rate=8m"], readsAll: true),
    Client(
      program: "aria2c",
      options: [
        "-c", "-x4", "-s4", "-k1M", "--file-allocation=none", "--disk-cache=0", "--max-tries=1", "--console-log-level=error",
        "--no-conf", "-d", ".", "-o", "image.bin",
      ], slow: ["--max-overall-download-limit=8M"], readsAll: false),
  ]

  @Test(arguments: clients) func aClientGoesOnWhereAKilledServerLeftIt(client: Client) async throws {
    let program = try Program.find(client.program)
    var workshop = try await Workshop.open()
    try await workshop.createModel(model, mcu: mcu)
    // Loopback sockets hold several megabytes each: a small image would arrive whole from a dead server.
    let image = try await SeededImage(64 << 20, seed: 9, in: workshop.folder)
    let id = try await workshop.upload(image.path, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    let desk = try TemporaryFolder()
    let file = "\(desk.path)/image.bin"

    let first = try StartedProgram(program, client.slow + client.options + [thing.downloadURL(id)], in: desk.path)
    try await eventually("the download begins") { occupied(file) > 6 << 20 }
    await workshop.server.killNow()
    let cut = await first.result()
    #expect(cut.status != 0)
    let arrived = client.readsAll ? sizeOfFile(file) : occupied(file)
    #expect(arrived > 6 << 20 && arrived < image.size)
    try await workshop.restartEndedServer()
    try await expectSound(workshop.server)

    let rest = try await Program.run(program, client.options + [thing.downloadURL(id)], in: desk.path)
    #expect(rest.status == 0, "\(rest.output) \(rest.errors)")
    #expect(try SeededImage.sha256(ofFile: file) == image.sha256)
    if client.readsAll {
      // Only the rest was sent: the server counts anew since its start.
      try await eventually("the rest is counted") { try await bytesSent(by: workshop) >= image.size - arrived }
      #expect(try await bytesSent(by: workshop) == image.size - arrived)
    }

    // Once more, with nothing missing: nothing is spoilt, and nobody fetches it again.
    let again = try await Program.run(program, client.options + [thing.downloadURL(id)], in: desk.path)
    #expect(again.status == 0, "\(again.output) \(again.errors)")
    #expect(try SeededImage.sha256(ofFile: file) == image.sha256)
    if client.readsAll { #expect(try await bytesSent(by: workshop) == image.size - arrived) }
    try await expectSoundAndStop(workshop.server)
  }

  /// The bytes of a file that are on the disk, without its holes.
  private func occupied(_ path: String) -> Int {
    var found = stat()
    return stat(path, &found) == 0 ? min(Int(found.st_blocks) * 512, Int(found.st_size)) : 0
  }

  private func bytesSent(by workshop: Workshop) async throws -> Int {
    let lines = try await Curl.ask(["\(workshop.server.url)/metrics"]).text.split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("firmament_download_bytes_total ") })
    return Int(try #require(line.split(separator: " ").last.flatMap { Double($0) }))
  }

  /// A firmware on offer for one thing.
  private func openWithOffer(
    serve arguments: [String] = []
  ) async throws -> (workshop: Workshop, thing: CurlThing, id: String, image: [UInt8]) {
    let workshop = try await Workshop.open(serve: arguments)
    try await workshop.command("model", "create", model, "--mcu", mcu, "--numeric-versions")
    try await workshop.command("model", "trust", model, workshop.publicKey)
    let image = try Corpus.fixtures.images()[0]
    let id = try await workshop.upload(Corpus.fixtures.path(image), model: model, mcu: mcu, version: "7")
    return (workshop, try await workshop.newThing(model), id, try Corpus.fixtures.bytes(image))
  }

  @Test func requestsWithBareLineFeedsAreAnsweredAsOldDeviceCodeReadsThem() async throws {
    let (workshop, thing, id, image) = try await openWithOffer(serve: ["--device-port", "0", "--lenient-line-endings"])
    let devices = try #require(workshop.server.deviceURL)
    // As the Lua client of NodeMCU sends it, and reads it: the JSON is what follows the first brace of the first segment.
    let fields = "Host: localhost\nAccept: application/json\nConnection: close\n\n"
    let first = try await firstSegment(of: "GET /v2/things/\(thing.token)/firmwares/latest HTTP/1.1\n" + fields, devices)
    #expect(first.count < 1400)
    let brace = try #require(first.firstIndex(of: UInt8(ascii: "{")))
    let offer = try JSONValue.reading(String(decoding: first[brace...], as: UTF8.self))
    #expect(offer["firmwares"]?[0]?["_id"] == .string(id))
    #expect(offer["firmwares"]?[0]?["version"]?.text.flatMap(Double.init) == 7)

    let download = try RawConnection(devices)
    await download.send("GET /v2/things/\(thing.token)/firmwares/download/\(id) HTTP/1.1\n" + fields)
    let answer = try await download.answer()
    #expect(answer.status == 200)
    #expect(answer["content-type"] == "application/octet-stream")
    #expect(answer.body == image)

    // Several on one connection, with the line break that some send behind a body.
    let kept = try RawConnection(devices)
    let report = "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"version\":\"7\",\"status\":\"installed\"}}]}"
    await kept.send(
      "POST /v2/things/\(thing.token) HTTP/1.1\nHost: localhost\nContent-Length: \(report.utf8.count)\n\n\(report)\r\n")
    #expect(try await kept.answer().status == 201)
    await kept.send("GET /v2/things/\(thing.token)/firmwares/latest?version=7 HTTP/1.1\nHost: localhost\n\n")
    #expect(try await kept.answer().json?["firmwares"]?[0]?["update"] == .bool(false))
    #expect(try await workshop.counts(model, "7") == ["confirmed": 1])
    try await expectSoundAndStop(workshop.server)
  }

  @Test func oddPathsOfRealClientsLeadToTheSamePlaces() async throws {
    let (workshop, thing, id, image) = try await openWithOffer()
    let server = workshop.server
    for path in [
      "/v2//things/\(thing.token)/firmwares/latest", "/v2/things/\(thing.token)/firmwares/latest/",
      "/v2/things/\(thing.token)/firmwares/latest?", "//v2/things//\(thing.token)//firmwares/latest/?",
    ] {
      let answer = try await server.exchange("GET", path)
      #expect(answer.status == 200, "\(path)")
      #expect(answer.json?["firmwares"]?[0]?["_id"] == .string(id), "\(path)")
    }
    for path in [
      "/v2//things/\(thing.token)/firmwares/download/\(id)", "/v2/things/\(thing.token)/firmwares/download/\(id)/?",
    ] {
      let answer = try await server.exchange("GET", path)
      #expect(answer.status == 200, "\(path)")
      #expect(answer.body == image, "\(path)")
    }
    for path in ["/v2/things/", "/v2//things", "/v2/things?"] {
      let code = try await workshop.createCode(model)
      let answer = try await server.exchange("POST", path, "{\"activationCode\":\"\(code)\"}")
      #expect(answer.status == 201, "\(path): \(answer.text)")
      #expect(answer.text.contains("\"thingToken\":\""), "\(path)")
    }
    let report = "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"version\":\"7\",\"status\":\"downloading\"}}]}"
    for path in ["/v2//things/\(thing.token)", "/v2/things/\(thing.token)/", "/v2/things/\(thing.token)?"] {
      #expect(try await server.exchange("POST", path, report).status == 201, "\(path)")
    }
    for path in ["resources/$firmware/?limit=1", "/resources//$firmware"] {
      let answer = try await server.exchange("GET", "/v2/things/\(thing.token)/\(path)")
      #expect(answer.json?[0]?["value"]?["status"] == .string("downloading"), "\(path)")
    }
    try await expectSoundAndStop(server)
  }

  @Test func aClientThatSendsItsBodyInChunksAndWithoutATypeIsUnderstood() async throws {
    let (workshop, _, _, _) = try await openWithOffer()
    let body = Array("{\"activationCode\":\"\(try await workshop.createCode(model))\",\"productId\":\"1\"}".utf8)
    let answer = try await workshop.server.exchange(
      RawRequest(method: "POST", path: "/v2//things", body: body, isChunked: true))
    #expect(answer.status == 201, "\(answer.text)")
    try await expectSoundAndStop(workshop.server)
  }

  @Test func anImageGoesInWithNothingButCurl() async throws {
    let workshop = try await Workshop.open()
    let image = try await SeededImage(5_000_000, seed: 10, in: workshop.folder)
    let address = "\(workshop.server.url)/api/v1/images/sha256:\(image.sha256)"
    let authorization = ["--header", "Authorization: Bearer \(workshop.server.token)"]
    // `curl` waits for `100 Continue` before it sends a body of this size.
    let stored = try await Curl.ask(authorization + ["--upload-file", image.path, address])
    #expect(stored.status == 201, "\(stored.text)")
    #expect(stored.json?["size"] == .integer(5_000_000))
    let head = try await Curl.ask(authorization + ["--head", address])
    #expect(head.status == 200)
    #expect(head["content-length"] == "5000000")
    #expect(try await Curl.ask(authorization + ["--upload-file", image.path, address]).status == 200)
    try await expectSoundAndStop(workshop.server)
  }
}
