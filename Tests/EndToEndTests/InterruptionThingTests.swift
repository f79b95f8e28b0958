import Domain
import Foundation
import TestSupport
import Testing

/// Servers that are killed while things download and report: nothing that was acknowledged is lost.
@Suite(.serialized, .timeLimit(.minutes(10))) struct InterruptionThingTests {
  private let model = Workshop.model
  private let mcu = Workshop.mcu

  @Test func aDownloadGoesOnOverAServerThatIsKilledAgainAndAgain() async throws {
    var workshop = try await Workshop.openWithModel()
    // Loopback sockets hold several megabytes each: a small image would arrive whole from a dead server.
    let image = try await SeededImage(96 << 20, seed: 4, in: workshop.folder)
    let id = try await workshop.upload(image.path, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    let file = "\(workshop.folder.path)/resumed.bin"
    var generator = SeededGenerator(seed: 4)
    var rounds = 0
    while rounds < 3 {
      rounds += 1
      let before = sizeOfFile(file)
      let proxy = try TappedProxy(to: workshop.server.url)
      let server = workshop.server
      proxy.when(.toClient, reaches: Int.random(in: 1 << 20..<20 << 20, using: &generator)) { server.sendSignal(SIGKILL) }
      let url = CurlThing(server: proxy.url, token: thing.token).downloadURL(id)
      let cut = try await Program.run("curl", ["-sS", "-f", "-C", "-", "-o", file, url])
      #expect(cut.status == 18 || cut.status == 56, "\(cut.status) \(cut.errors)")
      #expect(sizeOfFile(file) > before)
      #expect(sizeOfFile(file) < image.size)
      try await workshop.restartEndedServer()
      try await expectSound(workshop.server)
      // What the thing was offered and has begun is known again, though it may lack the last second.
      #expect(try await workshop.counts(model, "1.0.0").keys.allSatisfy { ["offered", "downloading"].contains($0) })
    }
    let before = sizeOfFile(file)
    let rest = try await Program.run(
      "curl", ["-sS", "-f", "-C", "-", "-w", "%{http_code} %{size_download}", "-o", file, thing.downloadURL(id)])
    #expect(rest.status == 0, "\(rest.errors)")
    #expect(rest.output == "206 \(image.size - before)")
    #expect(try SeededImage.sha256(ofFile: file) == image.sha256)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func whatAThingWasAcknowledgedOutlivesAServerKilledAtOnce() async throws {
    var workshop = try await Workshop.openWithModel()
    let image = try await SeededImage(100_000, seed: 5, in: workshop.folder)
    try await workshop.upload(image.path, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    let thingID = try await workshop.onlyThing(of: model)
    for status in ["downloading", "downloaded", "installing", "failed", "installed", "confirmed"] {
      let connection = try RawConnection(workshop.server.url)
      let told = status == "confirmed" ? "" : ",\"status\":\"\(status)\""
      let body = "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"mcu\":\"\(mcu)\",\"version\":\"1.0.0\"\(told)}}]}"
      await connection.send(
        "POST /v2/things/\(thing.token) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      let answer = try await connection.answer()
      workshop.server.sendSignal(SIGKILL)
      #expect(answer.status == 201, "\(answer.text)")
      try await workshop.restartEndedServer()
      let state = try await workshop.json("thing", "show", thingID)["mcus"]?[0]?["firmware"]?["state"]
      #expect(state == .string(status))
      let written = try await Curl.ask(["\(thing.base)/resources/$firmware"])
      #expect(written.json?[0]?["value"]?["status"]?.text == (told.isEmpty ? nil : status))
    }
    // The same of a poll that says what runs, and of an activation.
    let connection = try RawConnection(workshop.server.url)
    await connection.send("GET /v2/things/\(thing.token)/firmwares/latest?version=0.9.0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let poll = try await connection.answer()
    workshop.server.sendSignal(SIGKILL)
    #expect(poll.status == 200)
    try await workshop.restartEndedServer()
    let shown = try await workshop.json("thing", "show", thingID)["mcus"]?[0]
    #expect(shown?["version"] == .string("0.9.0"))
    #expect(shown?["firmware"]?["state"] == .string("rolledBack"))

    let code = try await workshop.createCode(model)
    let activation = try await workshop.activate(code: code)
    workshop.server.sendSignal(SIGKILL)
    try await workshop.restartEndedServer()
    let token = try #require(activation.json?["thingToken"]?.text)
    #expect(try await CurlThing(server: workshop.server.url, token: token).poll().status == 200)
    #expect(try await workshop.activate(code: code).status == 403)
    try await expectSoundAndStop(workshop.server)
  }
}
