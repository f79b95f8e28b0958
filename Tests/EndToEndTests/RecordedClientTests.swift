import Domain
import Foundation
import TestSupport
import Testing

/// Requests as published device libraries, apps and examples send them, and what their code looks for in the answers.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RecordedClientTests {
  private static let json = "Accept: application/json\r\nContent-Type: application/json\r\n"
  private static let activation = #"{"activationCode":"CODE"}"#

  /// `POST /v2/things` of twelve clients.
  static let activations = [
    RecordedRequest(
      client: "the Arduino library",
      head: "POST /v2/things/ HTTP/1.1\nHost: api.devices.thethings.io\nConnection: close\nContent-Type: application/json\n"
        + "Content-Length: LENGTH\n\n",
      body: #"{"activationCode":"CODE","productId":"lamp"}"#, reading: .fromFirstBrace),
    RecordedRequest(
      client: "the library for MKR1000, Energia and LinkItOne",
      head: "POST /v2/things/ HTTP/1.1\nHost: api.devices.thethings.io\nConnection: close\nContent-Type: application/json\n"
        + "Content-Length: LENGTH\n\n",
      body: #"{ "activationCode":"CODE"}"#, reading: .fromFirstBrace),
    // The host is a format that nobody filled in.
    RecordedRequest(
      client: "mbed on STM32",
      head: "POST /v2/things/ HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/7.43.0\r\n\(json)Content-Length: LENGTH\r\n\r\n",
      body: activation, after: "\r\n", reading: .behindBlankLine),
    RecordedRequest(
      client: "the Atmel SDK",
      head: "POST /v2/things HTTP/1.1\r\nHost: api.thethings.io\r\nConnection: Keep-Alive\r\nContent-Length: LENGTH\r\n"
        + "Content-Type: application/json\r\n\r\n",
      body: activation, reading: .counted(buffer: 512)),
    RecordedRequest(
      client: "the Texas Instruments library",
      head: "POST /v2/things/ HTTP/1.1\r\nHost: api.devices.thethings.io\r\nAccept: */*\r\nContent-Type: application/json\r\n"
        + "Content-Length: LENGTH\r\n\r\n",
      body: activation, reading: .counted(buffer: 1450)),
    RecordedRequest(
      client: "Node, official",
      head: "POST /v2/things HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        + "Host: api.devices.thethings.io\r\nConnection: keep-alive\r\nContent-Length: LENGTH\r\n\r\n",
      body: activation, reading: .behindBlankLine),
    RecordedRequest(
      client: "Node, community",
      head: "POST /v2//things HTTP/1.1\r\nHost: api.thethings.io\r\nConnection: keep-alive\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n2f\r\n",
      body: activation, after: "\r\n0\r\n\r\n", reading: .behindBlankLine),
    RecordedRequest(
      client: "Python, official",
      head: "POST /v2/things/ HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: LENGTH\r\nHost: api.thethings.io\r\n"
        + "Content-Type: application/json\r\nAccept: application/json\r\nConnection: close\r\n"
        + "User-Agent: Python-urllib/2.7\r\n\r\n",
      body: #"{"activationCode": "CODE"}"#, reading: .toTheEnd),
    RecordedRequest(
      client: "Go",
      head: "POST /v2/things HTTP/1.1\r\nHost: api.thethings.io\r\nUser-Agent: Go-http-client/1.1\r\n"
        + "Content-Length: LENGTH\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n",
      body: activation, reading: .behindBlankLine),
    RecordedRequest(
      client: "the Android app",
      head: "POST /v2/things/ HTTP/1.1\r\n\(json)Content-Length: LENGTH\r\nHost: api.thethings.io\r\n"
        + "Connection: Keep-Alive\r\n\r\n",
      body: activation, reading: .counted(buffer: 8192)),
    RecordedRequest(
      client: "Particle's HTTP client",
      head: "POST /v2/things HTTP/1.0\r\nConnection: close\r\nHOST: api.thethings.io\r\nContent-Length: LENGTH\r\n"
        + "Content-Type: application/json\r\nAccept: application/json\r\n\r\n",
      body: activation, after: "\r\n", reading: .toTheEnd),
    RecordedRequest(
      client: "a form of a page",
      head: "POST /v2/things HTTP/1.1\r\nHost: api.thethings.io\r\nConnection: keep-alive\r\nContent-Length: LENGTH\r\n"
        + "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nOrigin: null\r\n\r\n",
      body: "activationCode=CODE", reading: .behindBlankLine),
  ]

  /// Where a client's bytes go: the lenient listener takes everything, and what needs it needs it.
  private func url(for request: RecordedRequest, _ server: RunningServer) throws -> String {
    request.isLenient ? try #require(server.deviceURL) : server.url
  }

  private func openWorkshop() async throws -> Workshop {
    let workshop = try await Workshop.open(serve: ["--device-port", "0", "--lenient-line-endings", "--open-apps", "true"])
    try await workshop.createModel(Workshop.model, mcu: Workshop.mcu)
    return workshop
  }

  @Test func everyClientIsActivatedAndFindsItsToken() async throws {
    let workshop = try await openWorkshop()
    for request in Self.activations {
      let code = try await workshop.createCode(Workshop.model)
      // The chunk's size above is that of a code of 26 characters.
      try #require(code.utf8.count == 26)
      let answer = try await request.taken(["CODE": code], from: try url(for: request, workshop.server))
      #expect(answer.status == 201, "\(request.client): \(answer.body)")
      // Small ones look for this text up to the end of the line, and cut 43 characters behind it.
      let line = answer.body.prefix { $0 != "\n" }
      let key = try #require(line.range(of: "thingToken\":\""), "\(request.client)")
      let token = String(line[key.upperBound...].prefix(43))
      #expect(try JSONValue.reading(answer.body)["status"] == .string("created"), "\(request.client)")
      #expect(answer.head.contains("\r\nContent-Type: application/json\r\n"), "\(request.client)")
      #expect(!answer.head.contains { "{[".contains($0) }, "\(request.client)")
      let resources = try await workshop.server.exchange("GET", "/v2/things/\(token)/resources")
      #expect(resources.status == 200, "\(request.client)")
    }
    try await expectSoundAndStop(workshop.server)
  }

  private struct RecordedWrite: Sendable {
    let request: RecordedRequest
    let status: Int
    /// The text of the value of `k` that is read afterwards.
    var value = ""
  }

  private static let deviceHead =
    "POST /v2/things/TOKEN HTTP/1.1\nHost: api.thethings.io\nAccept: application/json\nContent-Type: application/json\n"
    + "Content-Length: LENGTH\n\n"
  private static let plainHead =
    "POST /v2/things/TOKEN HTTP/1.1\r\nHost: api.thethings.io\r\n\(json)Content-Length: LENGTH\r\n\r\n"

  private static let writes = [
    RecordedWrite(
      request: RecordedRequest(
        client: "C on ESP8266", head: deviceHead, body: #"{"values":[{"key":"k","value":7}]}"#, after: "\n\n",
        reading: .fromFirstBrace), status: 201, value: "7"),
    RecordedWrite(
      request: RecordedRequest(
        client: "AT commands", head: deviceHead, body: #"{"values":[{"key":"k","value":"8"}]}"#, after: "\r\n",
        reading: .fromFirstBrace), status: 201, value: #""8""#),
    RecordedWrite(
      request: RecordedRequest(
        client: "the Arduino library", head: deviceHead.replacing("Accept: application/json", with: "Connection: close"),
        body: #"{"values":[{"key":"k","value":"23.00","geo":{"lat":41.4000000,"long":2.2000000}}]}"#,
        reading: .toTheEnd), status: 201, value: #""23.00""#),
    RecordedWrite(
      request: RecordedRequest(
        client: "an ESP8266 sketch of HTTP/1.0",
        head: "POST /v2/things/TOKEN HTTP/1.0\r\nHost: api.thethings.io\r\nAccept: application/json\r\n"
          + "Content-Length: LENGTH\r\nContent-Type: application/json\r\n\r\n",
        body: #"{ "values": [ { "key": "k", "value": 9 } ] }"#, reading: .toTheEnd), status: 201, value: "9"),
    RecordedWrite(
      request: RecordedRequest(
        client: "the page of the two LEDs",
        head: "POST /v2/things/TOKEN HTTP/1.1\r\nHost: api.thethings.io\r\nContent-Length: LENGTH\r\n"
          + "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nOrigin: http://localhost\r\n\r\n",
        body: "values%5B0%5D%5Bkey%5D=k&values%5B0%5D%5Bvalue%5D=ON", reading: .behindBlankLine), status: 201,
      value: #""ON""#),
    RecordedWrite(
      request: RecordedRequest(
        client: "Python with places as texts", head: plainHead,
        body: #"{"values": [{"geo": {"lat": "41.4", "long": "2.2"}, "value": null, "key": "k"}]}"#,
        reading: .behindBlankLine), status: 201, value: "null"),
    RecordedWrite(
      request: RecordedRequest(
        client: "a cloud function", head: plainHead.replacing("TOKEN", with: "TOKEN?broadcast=true"),
        body: #"{"values":[{"key":"k","value":{"a":[1]},"units":"C","type":"x"}]}"#, reading: .behindBlankLine), status: 201,
      value: #"{"a":[1]}"#),
    RecordedWrite(
      request: RecordedRequest(
        client: "Node's empty query", head: plainHead.replacing("TOKEN", with: "TOKEN?"),
        body: #"{"values":[{"key":"k","value":true}]}"#, reading: .behindBlankLine), status: 201, value: "true"),
    RecordedWrite(
      request: RecordedRequest(
        client: "MessagePack on Arduino",
        head: "POST /v2/things/TOKEN HTTP/1.1\nHost: api.thethings.io\nContent-Type: application/msgpack\n"
          + "Content-Length: LENGTH\n\n", body: "not looked at", after: "\n", reading: .fromFirstBrace), status: 415),
    RecordedWrite(
      request: RecordedRequest(
        client: "two values without a comma between them", head: deviceHead,
        body: #"{"values":[{"key":"k","value":1}{"key":"l","value":2}]}"#, reading: .fromFirstBrace), status: 400),
  ]

  @Test func everyClientsWriteIsTakenOrRefusedInItsOwnTerms() async throws {
    let workshop = try await openWorkshop()
    let server = workshop.server
    for write in Self.writes {
      let thing = try await workshop.newThing(Workshop.model)
      let request = write.request
      let answer = try await request.taken(["TOKEN": thing.token], from: try url(for: request, server))
      #expect(answer.status == write.status, "\(request.client): \(answer.body)")
      let json = try JSONValue.reading(answer.body)
      let read = try await server.exchange("GET", "/v2/things/\(thing.token)/resources/k/?limit=1")
      guard write.status == 201 else {
        #expect(json["status"] == .string("error") && json["code"] == .integer(Int64(write.status)), "\(request.client)")
        #expect(json["message"]?.text?.isEmpty == false, "\(request.client)")
        #expect(read.status == 404, "\(request.client)")
        continue
      }
      #expect(json["status"] == .string("created"), "\(request.client)")
      #expect(
        read.text.hasPrefix("[{\"key\":\"k\",\"value\":\(write.value),\"datetime\":\""), "\(request.client): \(read.text)")
    }
    try await expectSoundAndStop(server)
  }

  @Test func aWriteOfAClientThatLeavesAtOnceIsKept() async throws {
    let workshop = try await openWorkshop()
    let thing = try await workshop.newThing(Workshop.model)
    let body = #"{"values":[{"key":"button","value":1}]}"#
    let connection = try RawConnection(try #require(workshop.server.deviceURL))
    await connection.send(
      Self.deviceHead.replacing("TOKEN", with: thing.token).replacing("LENGTH", with: String(body.utf8.count)) + body + "\r\n")
    connection.close()
    try await eventually("the write is there") {
      try await workshop.server.exchange("GET", "/v2/things/\(thing.token)/resources/button").status == 200
    }
    try await expectSoundAndStop(workshop.server)
  }

  @Test func readsFindWhatTheyLookFor() async throws {
    let workshop = try await openWorkshop()
    let server = workshop.server
    let devices = try #require(server.deviceURL)
    let thing = try await workshop.newThing(Workshop.model)
    let values = (0..<3).map { #"{"key":"k","value":\#($0),"datetime":"2015010\#($0 + 1)T000000"}"# }
    let written = try await server.exchange(
      "POST", "/v2/things/\(thing.token)", "{\"values\":[\(values.joined(separator: ","))]}")
    #expect(written.status == 201)

    // Arduino cuts the time out between the last `value":` and the bracket behind it.
    for format in ["UTC", "unix_timestamp"] {
      let date = RecordedRequest(
        client: "the Arduino library",
        head: "GET /v2/utils/date?thingToken=TOKEN&format=\(format) HTTP/1.1\nHost: api.devices.thethings.io\n"
          + "Accept: application/json\n\n", reading: .fromFirstBrace)
      let text = try await date.taken(["TOKEN": thing.token], from: devices).body
      let start = try #require(text.range(of: "value\":", options: .backwards)).upperBound
      let end = text.index(before: try #require(text.lastIndex(of: "]")))
      let time = try #require(Timestamp(wire: try JSONValue.reading(String(text[start..<end]))))
      #expect(abs(Double(time.milliseconds) - Date().timeIntervalSince1970 * 1000) < 60_000)
    }

    // The Texas Instruments library counts a body that is not there, and reads by a length of its own.
    let counted = RecordedRequest(
      client: "the Texas Instruments library",
      head: "GET /v2/things/TOKEN/resources/k?limit=2 HTTP/1.1\r\nHost: api.devices.thethings.io\r\nAccept: */*\r\n"
        + "Content-Length: 0\r\n\r\n", reading: .counted(buffer: 1450))
    #expect(try JSONValue.reading(try await counted.taken(["TOKEN": thing.token], from: server.url).body).elements?.count == 2)

    // The pages of Node's example: the last time, to the second, is the next end.
    var end = "20150201000000"
    var seen: [Int64] = []
    for _ in 0..<5 {
      let page = try await server.exchange(
        "GET", "/v2/things/\(thing.token)/resources/k?limit=1&endDate=\(end)&startDate=20150101000000")
      guard let entry = page.json?[0] else { break }
      seen.append(try #require(entry["value"]?.wholeNumber))
      end = try #require(entry["datetime"]?.text?.split(separator: ".").first).filter { $0.isNumber }
    }
    #expect(seen == [2, 1, 0])

    // What Python compares with a text to know that a resource has never been written.
    let missing = try await server.exchange("GET", "/v2/things/\(thing.token)/resources/none/?limit=1")
    #expect(missing.status == 404 && missing.reason == "Not Found")
    // An importer takes the keys of everything, and more at once than there can be.
    let all = try await server.exchange("GET", "/v2/things/\(thing.token)/all_resources/")
    #expect(all.json?[0]?["key"] == .string("k") && all.json?[0]?["values"]?[0]?["value"] == .integer(2))
    let many = try await server.exchange("GET", "/v2/things/\(thing.token)/resources/k/?limit=1000&startDate=20150101000000")
    #expect(many.json?.elements?.count == 3)
    try await expectSoundAndStop(server)
  }

  @Test func clientsOfHTTP10AreAnsweredInTheirOwnTerms() async throws {
    let workshop = try await openWorkshop()
    let server = workshop.server
    let thing = try await workshop.newThing(Workshop.model)
    // Without the word from the server such a client would read to an end that does not come.
    let kept = try RawConnection(server.url)
    for _ in 0..<2 {
      await kept.send("GET /v2/things/\(thing.token)/resources HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
      let answer = try await kept.answer()
      #expect(answer.status == 200 && answer["connection"] == "keep-alive")
    }

    // It knows no chunks: messages come as they are, and the end of the connection is the end.
    let messages = ["", "Accept: text/event-stream\r\n"]
    let streams = try messages.map { _ in try RawConnection(server.url) }
    for (stream, accept) in zip(streams, messages) {
      await stream.send("GET /v2/things/\(thing.token) HTTP/1.0\r\n\(accept)\r\n")
    }
    try await eventually("both are open") {
      try await server.exchange("GET", "/metrics").text.contains("\nfirmament_subscriptions 2\n")
    }
    let time = "2020-01-02T03:04:05.000Z"
    let value = #"{"key":"k","value":1,"datetime":"\#(time)"}"#
    #expect(try await server.exchange("POST", "/v2/things/\(thing.token)", "{\"values\":[\(value)]}").status == 201)
    try await expectSoundAndStop(server)
    let subscribed = #"{"status":"success","message":"subscribed"}"#
    for (stream, wanted) in zip(streams, ["\(subscribed)[\(value)]", "data: \(subscribed)\n\ndata: [\(value)]\n\n"]) {
      let text = String(decoding: try await stream.readToEnd(), as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("\r\n\r\n\(wanted)"), "\(text)")
      #expect(!text.lowercased().contains("transfer-encoding"))
    }
  }

  @Test func appsDoWhatTheyDo() async throws {
    let workshop = try await openWorkshop()
    let server = workshop.server
    let thing = try await workshop.newThing(Workshop.model)
    let account = #"{"email":"ada@example.com","password":"a long password","app":"pkdMN02PIAO9gg"}"#
    let registered = try await server.exchange("POST", "/v2/register", account)
    let session = try #require(registered.json?["token"]?.text)
    // As jQuery posts an object.
    let login = try await server.exchange(
      RawRequest(
        method: "POST", path: "/v2/login",
        headers: [("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"), ("Origin", "http://localhost")],
        body: Array("email=ada%40example.com&password=a+long+password&app=pkdMN02PIAO9gg".utf8)))
    #expect(login.json?["token"]?.text?.utf8.count == 43 && login["access-control-allow-origin"] == "*")

    func ask(_ method: String, _ path: String, _ body: String? = nil) async throws -> RawAnswer {
      try await server.exchange(
        RawRequest(
          method: method, path: path, headers: [("Authorization", session), ("Accept", "application/json")],
          body: body.map { Array($0.utf8) }))
    }
    // Before anything is linked, the iOS app offers to pair on an error, whose message it shows.
    let before = try await ask("GET", "/v2/me/resources/temperature")
    #expect(before.status == 404 && before.json?["message"]?.text != nil)
    let linked = try await ask("POST", "/v2/me/things/", "{\"thingToken\":\"\(thing.token)\"}")
    let id = try #require(linked.json?["thingId"]?.text)
    #expect(linked.json?["status"] == .string("success"))
    #expect(try await ask("POST", "/v2/me/resources/temperature/\(id)", #"{"values":[{"value":21}]}"#).status == 201)
    #expect(try await ask("GET", "/v2/me/resources/temperature").json?[id]?[0]?["value"] == .integer(21))
    // The Android app puts the thing's token where its id belongs.
    let byToken = try await ask("POST", "/v2/me/resources/led_1/\(thing.token)", #"{"values":[{"value":"on"}]}"#)
    #expect(byToken.status == 201 && byToken.json?["status"] == .string("created"))
    #expect(try await ask("GET", "/v2/me/resources/led_1/\(id)").json?[0]?["value"] == .string("on"))
    // The Ionic app keeps the thing in the settings.
    #expect(try await ask("PUT", "/v2/me/settings", "{\"thing\":\"\(id)\"}").status == 200)
    #expect(try await ask("GET", "/v2/me/settings").json?["thing"] == .string(id))

    // The ESP8266 display names the whole address in the request line and reads an object at a time out of the list.
    let display = RecordedRequest(
      client: "the ESP8266 display",
      head: "GET https://api.thethings.io/v2/me/things HTTP/1.1\r\nHost: api.thethings.io\r\nAuthorization: SESSION\r\n"
        + "Connection: close\r\n\r\n", reading: .toTheEnd)
    let list = try await display.taken(["SESSION": session], from: server.url)
    #expect(list.status == 200 && list.body.hasPrefix("[{\"_id\":\"\(id)\"") && list.body.hasSuffix("}]"), "\(list.body)")

    // Whoever is not its owner is no better off with a token.
    let other = try await server.exchange(
      "POST", "/v2/register", #"{"email":"eve@example.com","password":"a long password","app":"pkdMN02PIAO9gg"}"#)
    let foreign = RawRequest(
      path: "/v2/me/resources/temperature/\(thing.token)",
      headers: [("Authorization", try #require(other.json?["token"]?.text))])
    expectThingError(try await server.exchange(foreign), 404)
    #expect(try await ask("DELETE", "/v2/me/things/\(id)").json?["status"] == .string("success"))
    expectThingError(try await ask("POST", "/v2/me/resources/led_1/\(thing.token)", #"{"values":[{"value":1}]}"#), 404)
    try await expectSoundAndStop(server)
  }
}
