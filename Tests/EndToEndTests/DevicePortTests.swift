import Domain
import Foundation
import TestSupport
import Testing

/// The second listener: for things alone, and the only one that takes bare line feeds.
@Suite(.serialized, .timeLimit(.minutes(10))) struct DevicePortTests {
  /// As the Lua, Arduino and TI clients send it (wire page, section 2.1 item 1).
  private func bareRequest(_ token: String) -> String {
    "GET /v2/things/\(token)/firmwares/latest HTTP/1.1\nHost: localhost\nConnection: close\n\n"
  }

  private func answer(_ url: String, _ request: String) async throws -> RawAnswer {
    let connection = try RawConnection(url)
    await connection.send(request)
    return try await connection.answer()
  }

  @Test func bareLineFeedsAreTakenOnTheDevicePortAloneAndOnlyWhenAskedFor() async throws {
    let workshop = try await Workshop.open(serve: ["--device-port", "0", "--lenient-line-endings"])
    let devices = try #require(workshop.server.deviceURL)
    #expect(devices != workshop.server.url)
    expectThingError(try await answer(devices, bareRequest("none")), 404)
    // A lone line feed further down is a line end nowhere.
    let mixed = "GET /v2/things/none/firmwares/latest HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n"
    for (url, request) in [(workshop.server.url, bareRequest("none")), (workshop.server.url, mixed), (devices, mixed)] {
      let refused = try await answer(url, request)
      expectThingError(refused, 400)
      #expect(refused["connection"] == "close")
    }
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aDevicePortThatWasNotAskedToBeLenientIsStrict() async throws {
    try await withServer(["--device-port", "0"]) { server in
      let devices = try #require(server.deviceURL)
      expectThingError(try await answer(devices, bareRequest("none")), 400)
      let proper = bareRequest("none").replacing("\n", with: "\r\n")
      expectThingError(try await answer(devices, proper), 404)
    }
  }

  @Test func theDevicePortServesNothingButTheThingsSide() async throws {
    try await withServer(["--device-port", "0"]) { server in
      let devices = try #require(server.deviceURL)
      for path in ["/healthz", "/metrics", "/openapi.json", "/api/v1/models", "/api/v1/operator"] {
        let request = "GET \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token)\r\nConnection: close\r\n\r\n"
        #expect(try await answer(devices, request).status == 404, "\(path)")
        #expect(try await answer(server.url, request).status == 200, "\(path)")
      }
      // What everybody may ask of the main port is for users, and not for things.
      let account = #"{"email":"ada@example.com","password":"a long password"}"#
      for (path, body, status) in [
        ("/v2/register", account, 201), ("/v2/apps/other/register", account, 201), ("/v2/login", account, 200),
        ("/v2/confirm/none", "", 404),
      ] {
        let length = "Content-Length: \(body.utf8.count)"
        let request = "POST \(path) HTTP/1.1\r\nHost: a\r\n\(length)\r\nConnection: close\r\n\r\n\(body)"
        expectThingError(try await answer(devices, request), 404)
        #expect(try await answer(server.url, request).status == status, "\(path)")
      }
      let date = "GET /v2/utils/date HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      #expect(try await answer(devices, date).status == 200)
      let code = #"{"activationCode":"none"}"#
      let activation =
        "POST /v2/things HTTP/1.1\r\nHost: a\r\nContent-Length: \(code.utf8.count)\r\nConnection: close\r\n\r\n\(code)"
      expectThingError(try await answer(devices, activation), 403)
    }
  }

  @Test func leniencyWithoutADevicePortIsRefused() async throws {
    let folder = try TemporaryFolder()
    let serve = ["serve", "--store", folder.path + "/store", "--port", "0"]
    let result = try await Program.run(Program.firmament, serve + ["--lenient-line-endings"])
    #expect(result.status == 1)
    #expect(result.errors.contains("--device-port"))
    let variable = try await Program.run(Program.firmament, serve, environment: ["FIRMAMENT_LENIENT_LINE_ENDINGS": "perhaps"])
    #expect(variable.status == 1)
    #expect(variable.errors.contains("lenientLineEndings: true or false is needed, not perhaps"))
  }

  /// What is in flight has longer than any test: a server that waits for it does not end.
  private static let patient = ["FIRMAMENT_SHUTDOWN_TIMEOUT": "86400"]

  @Test func streamsOnBothPortsEndWithTheServerAndDoNotHoldItUp() async throws {
    let workshop = try await Workshop.open(serve: ["--device-port", "0"], environment: Self.patient)
    let server = workshop.server
    try await workshop.createModel(Workshop.model, mcu: Workshop.mcu)
    let thing = try await workshop.newThing(Workshop.model)
    var streams: [RawConnection] = []
    for url in [server.url, try #require(server.deviceURL)] {
      for _ in 0..<50 {
        let stream = try RawConnection(url)
        await stream.send("GET /v2/things/\(thing.token)?keepAlive=3600000 HTTP/1.1\r\nHost: a\r\n\r\n")
        streams.append(stream)
      }
    }
    try await eventually("all are open") {
      try await server.exchange("GET", "/metrics").text.contains("\nfirmament_subscriptions 100\n")
    }
    #expect(await server.terminate() == 0)
    let message = #"{"status":"success","message":"subscribed"}"#
    for stream in streams {
      let all = String(decoding: try await stream.readToEnd(), as: UTF8.self)
      #expect(all.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(all.hasSuffix("\r\n\r\n\(String(message.utf8.count, radix: 16))\r\n\(message)\r\n0\r\n\r\n"))
    }
  }

  @Test func aStreamWhoseClientDoesNotReadDoesNotHoldUpTheEndEither() async throws {
    let workshop = try await Workshop.openWithModel(environment: Self.patient)
    let thing = try await workshop.newThing(Workshop.model)
    let stream = try RawConnection(workshop.server.url)
    await stream.send("GET /v2/things/\(thing.token)?keepAlive=100 HTTP/1.1\r\nHost: a\r\n\r\n")
    try await eventually("it is open") {
      try await workshop.server.exchange("GET", "/metrics").text.contains("\nfirmament_subscriptions 1\n")
    }
    #expect(await workshop.server.terminate() == 0)
  }
}
