import Domain
import Foundation
import TestSupport
import Testing

/// How the service starts, is told what to do, and ends: the real program.
@Suite(.serialized) struct ServeStartTests {
  @Test func itSaysWhenItIsReadyAndDescribesItself() async throws {
    try await withServer { server in
      #expect(server.url.hasPrefix("http://127.0.0.1:"))
      for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        let answer = try await server.exchange("GET", path)
        #expect(answer.status == 200, "\(path)")
        #expect(answer["content-length"] == String(answer.body.count), "\(path)")
      }
      let document = try await server.exchange("GET", "/openapi.json")
      #expect(document["content-type"] == "application/json")
      #expect(document.json?["openapi"]?.text?.hasPrefix("3.1.") == true)
      #expect(document.json?["paths"]?["/api/v1/models"]?["post"]?["operationId"]?.text == "createModel")
      // It tells commands on this machine where it is.
      let announced = FileManager.default.contents(atPath: server.store + "/server.url") ?? Data()
      #expect(String(decoding: announced, as: UTF8.self) == server.url + "\n")
    }
  }

  @Test func figuresCountWhatHappenedAndATokenGuardsThem() async throws {
    try await withServer(["--metrics-token", "sesame"]) { server in
      func metrics(_ credential: String?) async throws -> RawAnswer {
        try await server.exchange(
          RawRequest(path: "/metrics", headers: credential.map { [("Authorization", $0)] } ?? []))
      }
      for wrong in [nil, "Bearer", "Bearer wrong", "sesame", "Bearer \(server.token)"] as [String?] {
        let answer = try await metrics(wrong)
        expectProblem(answer, 401, "unauthorized")
        #expect(answer["www-authenticate"]?.hasPrefix("Bearer") == true)
      }
      let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
      let image = imageBytes(10_000, seed: 61)
      let id = try await desk.release(image, mcu: "u", version: "1", sequence: 1)
      let token = try await desk.activateThings(2)[0]
      for _ in 0..<3 { #expect(try await desk.poll(token).status == 200) }
      #expect(try await server.exchange("GET", "/v2/things/\(token)/firmwares/download/\(id)").body == image)
      func sum(_ text: String, _ name: String) -> Double {
        text.split(separator: "\n").filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
          .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
      }
      // The bytes are counted when they have left, which may be a moment after they came.
      let end = ContinuousClock.now + .seconds(120)
      var text = ""
      while sum(text, "firmament_download_bytes_total") < 10_000, ContinuousClock.now < end {
        text = try await metrics("Bearer sesame").text
      }
      #expect(sum(text, "firmament_polls_total") == 3)
      #expect(sum(text, "firmament_downloads_total") == 1)
      #expect(sum(text, "firmament_download_bytes_total") == 10_000)
      #expect(sum(text, "firmament_uploads_total") == 1)
      #expect(sum(text, "firmament_things") == 2)
      #expect(sum(text, "process_resident_memory_bytes") > 1_000_000)
      for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
      }
      #expect(!text.contains(token))
    }
  }

  @Test func theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() async throws {
    func largest(_ arguments: [String], _ environment: [String: String]) async throws -> Int64 {
      var found: Int64 = 0
      try await withServer(arguments, environment: environment) { server in
        let hex = String(repeating: "a", count: 64)
        let answer = try await server.operate(
          "PUT", "/api/v1/images/sha256:\(hex)", headers: [("Content-Range", "bytes 0-999999/1000000")], [])
        expectProblem(answer, answer.status, nil)
        let words = answer.json?["detail"]?.text?.split(separator: " ") ?? []
        found = words.compactMap { Int64($0) }.first ?? 0
      }
      return found
    }
    let folder = try TemporaryFolder()
    let file = try folder.write(Data("{\"largestImage\": 300, \"publicUrl\": \"https://example.org/ota\"}".utf8), to: "c.json")
    #expect(try await largest(["--config", file], [:]) == 300)
    #expect(try await largest([], ["FIRMAMENT_CONFIG": file]) == 300)
    #expect(try await largest(["--config", file], ["FIRMAMENT_LARGEST_IMAGE": "200"]) == 200)
    #expect(try await largest(["--config", file, "--largest-image", "100"], ["FIRMAMENT_LARGEST_IMAGE": "200"]) == 100)
    #expect(try await largest(["--config", file], ["FIRMAMENT_LARGEST_IMAGE": ""]) == 300)
  }

  @Test func whatCannotBeMeantIsRefusedInOneLine() async throws {
    let folder = try TemporaryFolder()
    let broken = try folder.write(Data("{\"port\": ".utf8), to: "broken.json")
    let wrong = try folder.write(Data("{\"largestImage\": \"much\"}".utf8), to: "wrong.json")
    let cases: [(arguments: [String], environment: [String: String], says: String)] = [
      ([], ["FIRMAMENT_LARGEST_IMAGE": "1 GiB"], "largestImage"), ([], ["FIRMAMENT_LARGEST_IMAGE": "-1"], "largestImage"),
      ([], ["FIRMAMENT_BODY_TIMEOUT": "soon"], "bodyTimeout"), ([], ["FIRMAMENT_BODY_TIMEOUT": "0"], "bodyTimeout"),
      ([], ["FIRMAMENT_HEAD_TIMEOUT": "1.5"], "headTimeout"),
      ([], ["FIRMAMENT_MOST_RANGES": "99999999999999999999"], "mostRanges"),
      ([], ["FIRMAMENT_LOG_LEVEL": "loud"], "logLevel"), ([], ["FIRMAMENT_PUBLIC_URL": "example"], "publicUrl"),
      (["--config", broken], [:], "broken.json"), (["--config", folder.path + "/none.json"], [:], "none.json"),
      (["--config", wrong], [:], "largestImage"),
    ]
    for (arguments, environment, says) in cases {
      let result = try await Program.run(
        Program.firmament, ["serve", "--port", "0", "--store", folder.path + "/s"] + arguments, environment: environment)
      expectOneLine(result, says)
    }
    let port = try await Program.run(
      Program.firmament, ["serve", "--store", folder.path + "/s"], environment: ["FIRMAMENT_PORT": "70000"])
    expectOneLine(port, "port")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/s"))
    for arguments in [["--port", "x"], ["--nothing"], ["word"]] {
      let usage = try await Program.run(Program.firmament, ["serve"] + arguments)
      #expect(usage.status == 64, "\(arguments)")
    }
  }

  @Test func everythingInTheStoreIsItsOwnersAlone() async throws {
    try await withServer { server in
      let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
      try await desk.release(imageBytes(1000, seed: 62), mcu: "u", version: "1", sequence: 1)
      func mode(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? 0
      }
      #expect(try mode(server.store) == 0o700)
      #expect(try mode(server.store + "/operator.token") == 0o600)
      #expect(try mode(server.store + "/keys") == 0o700)
      #expect(try mode(server.store + "/keys/store.key") == 0o600)
      let names = FileManager.default.enumerator(atPath: server.store)?.compactMap { $0 as? String } ?? []
      #expect(names.count > 5)
      for name in names { #expect(try mode(server.store + "/" + name) & 0o077 == 0, "\(name)") }
      #expect((43...).contains(server.token.utf8.count))
    }
  }

  @Test func aSecondServerAndATakenPortAreRefused() async throws {
    try await withServer { server in
      let second = try await Program.run(Program.firmament, ["serve", "--store", server.store, "--port", "0"])
      expectOneLine(second, "another firmament server")
      let folder = try TemporaryFolder()
      let port = try #require(server.url.split(separator: ":").last.map(String.init))
      let taken = try await Program.run(Program.firmament, ["serve", "--store", folder.path + "/s", "--port", port])
      // Its log may stand on standard error too; what failed is told once.
      #expect(taken.status == 1)
      let told = taken.errors.split(separator: "\n").filter { $0.hasPrefix("firmament: ") }
      #expect(told == ["firmament: cannot listen on 127.0.0.1 port \(port): Address already in use"], "\(taken.errors)")
      #expect(try await server.exchange("GET", "/healthz").status == 200)
    }
  }

  @Test func aRestartKeepsTokensAndAMissingKeyIsNotReplaced() async throws {
    let folder = try TemporaryFolder()
    let store = folder.path + "/store"
    let first = try await RunningServer.start(store: store)
    let desk = try await EngineersDesk(first, model: "m", mcus: ["u"])
    let id = try await desk.release(imageBytes(1000, seed: 63), mcu: "u", version: "1", sequence: 1)
    let thing = try await desk.activateThings(1)[0]
    let token = first.token
    try await expectSoundAndStop(first)
    #expect(!FileManager.default.fileExists(atPath: store + "/server.url"))

    let second = try await RunningServer.start(store: store)
    #expect(second.token == token)
    #expect(try await second.operate("GET", "/api/v1/operator").status == 200)
    let poll = try await second.exchange("GET", "/v2/things/\(thing)/firmwares/latest")
    #expect(poll.json?["firmwares"]?.elements?.first?["_id"]?.text == id)
    try await expectSoundAndStop(second)

    let key = store + "/keys/store.key"
    try FileManager.default.moveItem(atPath: key, toPath: key + ".away")
    let keyless = try await Program.run(Program.firmament, ["serve", "--store", store, "--port", "0"])
    expectOneLine(keyless, "store.key")
    #expect(!FileManager.default.fileExists(atPath: key))
    try FileManager.default.moveItem(atPath: key + ".away", toPath: key)
    try await expectSoundAndStop(try await RunningServer.start(store: store))
  }

  @Test func itEndsInTimeWhateverItsClientsDo() async throws {
    let folder = try TemporaryFolder()
    let server = try await RunningServer.start(store: folder.path + "/store")
    let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
    let image = imageBytes(24 << 20, seed: 64)
    let id = try await desk.release(image, mcu: "u", version: "1", sequence: 1)
    let token = try await desk.activateThings(1)[0]
    var held: [RawConnection] = []
    // Idle after an answer, silent, in the middle of a head, of an upload, and of a download that is not read.
    for text in [
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "", "GET /healthz HT",
      "PUT /api/v1/images/sha256:\(String(repeating: "b", count: 64)) HTTP/1.1\r\nHost: x\r\n"
        + "Authorization: Bearer \(server.token)\r\nContent-Length: 1000\r\n\r\nabc",
      "GET /v2/things/\(token)/firmwares/download/\(id) HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
      let connection = try RawConnection(server.url)
      await connection.send(text)
      held.append(connection)
    }
    #expect(try await held[0].answer().status == 200)
    let staged = server.store + "/staging/" + String(repeating: "b", count: 64) + ".part"
    while !FileManager.default.fileExists(atPath: staged) { _ = try await server.exchange("GET", "/healthz") }
    try await expectSound(server)
    #expect(await server.terminate() == 0)
    #expect(held.count == 5)
    try await expectSoundAndStop(try await RunningServer.start(store: server.store))
  }
}

/// Checks that a command failed at its work: exit code 1, nothing on standard output, and one line that says this.
func expectOneLine(_ result: ProgramResult, _ says: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let text = Comment(rawValue: "\(result.output) \(result.errors)")
  #expect(result.status == 1, text, sourceLocation: sourceLocation)
  #expect(result.output.isEmpty, text, sourceLocation: sourceLocation)
  let lines = result.errors.split(separator: "\n")
  #expect(lines.count == 1 && lines[0].hasPrefix("firmament: "), text, sourceLocation: sourceLocation)
  #expect(result.errors.contains(says), text, sourceLocation: sourceLocation)
}
