import Domain
import FirmwareService
import Foundation
import HTTPTypes
import HummingbirdTesting
import LiveChannels
import Testing

@testable import HTTPAPI

/// A user's subscription to a resource of all things that they see: end to end, from the request that writes to the bytes on
/// the listener's socket. That something is not heard is known by the next message that is, since they come in order.
@Suite("A user who listens", .timeLimit(.minutes(10))) struct UserStreamTests {
  private static let path = "/v2/me/resources/t"

  private static func member(_ device: Household.Device, _ key: String, _ value: String) -> String {
    #"{"thingId":"\#(device.id)","key":"\#(key)","value":\#(value),"datetime":"2025-06-15T15:06:40.999Z"}"#
  }

  /// The message of a write of one value.
  private static func message(_ device: Household.Device, _ key: String, _ value: String) -> String {
    "[\(member(device, key, value))]"
  }

  private static func open(
    service change: (inout ServiceSettings) -> Void = { _ in }, _ body: @escaping @Sendable (Household) async throws -> Void
  ) async throws { try await Household.open(.socket, service: change, body) }

  @Test(arguments: UserStream.Form.allCases) func `hears every write to a thing that was linked afterwards, however it is made`(
    form: UserStream.Form
  ) async throws {
    try await Self.open { home in
      let stream = try await UserStream.open(form, Self.path, as: home.ada, home, query: "&keepAlive=3600000")
      let device = try await home.newDevice()
      try await home.write(device, "t", "0")
      #expect(try await home.link(device, as: home.ada).status == 200)
      try await home.write(device, "t", "1")
      try await stream.expect(Self.message(device, "t", "1"))
      // One write is one message, with what was asked for in it and nothing else.
      let several = #"{"values":[{"key":"t","value":"a"},{"key":"u","value":2},{"key":"t","value":{"b":[null]}}]}"#
      #expect(try await home.front.post("/v2/things/\(device.token)?broadcast=true", several).status == 201)
      let both = [#""a""#, #"{"b":[null]}"#].map { Self.member(device, "t", $0) }.joined(separator: ",")
      try await stream.expect("[\(both)]")
      try await home.write(device, "u", "3")
      let second = try await home.newDevice(of: home.ada)
      try await home.write(second, "t", "4")
      try await stream.expect(Self.message(second, "t", "4"))
      let written = try await home.front.ask(
        .post, "\(Self.path)/\(second.id)", as: home.ada,
        #"{"values":[{"value":5,"geo":{"lat":41.5,"long":2.25},"datetime":"20250101000000"}]}"#)
      #expect(written.status == 201)
      try await stream.expect(
        #"[{"thingId":"\#(second.id)","key":"t","value":5,"datetime":"2025-01-01T00:00:00.000Z","#
          + #""geo":{"lat":41.5,"long":2.25}}]"#)
    }
  }

  @Test(arguments: UserStream.Form.allCases) func `hears a thing no more once it is unlinked, and its new owner does`(
    form: UserStream.Form
  ) async throws {
    try await Self.open { home in
      let (leaving, staying) = (try await home.newDevice(of: home.ada), try await home.newDevice(of: home.ada))
      let stream = try await UserStream.open(form, Self.path, as: home.ada, home)
      let others = try await UserStream.open(form, Self.path, as: home.bob, home)
      try await home.write(leaving, "t", "1")
      try await stream.expect(Self.message(leaving, "t", "1"))
      #expect(try await home.unlink(leaving, as: home.ada).status == 200)
      try await home.write(leaving, "t", "2")
      try await home.write(staying, "t", "3")
      try await stream.expect(Self.message(staying, "t", "3"))
      #expect(try await home.link(leaving, as: home.bob).status == 200)
      try await home.write(leaving, "t", "4")
      try await others.expect(Self.message(leaving, "t", "4"))
      #expect(try await home.front.operate(.delete, "/api/v1/things/\(leaving.id)/link").status == 200)
      try await home.write(leaving, "t", "5")
      #expect(try await home.link(leaving, as: home.ada).status == 200)
      try await home.write(leaving, "t", "6")
      try await stream.expect(Self.message(leaving, "t", "6"))
      let own = try await home.newDevice(of: home.bob)
      try await home.write(own, "t", "7")
      try await others.expect(Self.message(own, "t", "7"))
    }
  }

  @Test func `hears of a setting under the settings, by whichever name it listens and it is written`() async throws {
    try await Self.open { home in
      let own = try await home.newDevice(of: home.bob)
      let streams = [
        try await UserStream.open(.chunked, "/v2/me/resources/$settings", as: home.bob, home),
        try await UserStream.open(.chunked, "/v2/me/resources/$settings.x", as: home.bob, home),
      ]
      for (key, value) in [("$settings.x", "1"), ("$settings", #"{"x":2}"#), ("$settings.y.z", "3")] {
        let body = #"{"values":[{"key":"\#(key)","value":\#(value)}]}"#
        #expect(try await home.front.post("/v2/things/\(own.token)", body).status == 201)
        for stream in streams { try await stream.expect(Self.message(own, key, value)) }
      }
    }
  }

  @Test(arguments: UserStream.Form.allCases) func `hears of a share what was granted, from the confirmation to the end of it`(
    form: UserStream.Form
  ) async throws {
    try await Self.open { home in
      let devices = [try await home.newDevice(of: home.ada), try await home.newDevice(of: home.ada)]
      let own = try await home.newDevice(of: home.bob)
      var streams: [String: UserStream] = [:]
      for key in ["t", "u", "$settings", "$settings.x"] {
        streams[key] = try await UserStream.open(form, "/v2/me/resources/\(key)", as: home.bob, home)
      }
      /// Lets all devices write all resources, bob's own last, and expects who of them is heard.
      func expect(_ heard: [String: Household.Device]) async throws {
        for device in devices + [own] {
          let values = #"[{"key":"t","value":1},{"key":"u","value":1},{"key":"$settings","value":{"x":1}}]"#
          #expect(try await home.front.post("/v2/things/\(device.token)", #"{"values":\#(values)}"#).status == 201)
        }
        for (key, stream) in streams {
          // Who listens to one setting listens to all.
          let (key, value) = key.hasPrefix("$") ? ("$settings", #"{"x":1}"#) : (key, "1")
          if let device = heard[key] { try await stream.expect(Self.message(device, key, value)) }
          try await stream.expect(Self.message(own, key, value))
        }
      }
      try await expect([:])
      let offer = #"{"resources":["t","$settings"],"things":["\#(devices[1].id)"],"email":"bob@example.com"}"#
      #expect(try await home.grant(offer, as: home.ada).status == 200)
      let page = try await home.newestMail().page
      #expect(try await home.front.get(page).status == 200)
      try await expect([:])
      #expect(try await home.front.send(.post, page).status == 200)
      try await expect(["t": devices[1], "$settings": devices[1]])
      #expect(try await home.front.ask(.delete, "/v2/me/grant?email=bob@example.com", as: home.ada).status == 200)
      try await expect([:])
      // It ends with its owner's link too.
      try await home.share(offer, as: home.ada)
      try await expect(["t": devices[1], "$settings": devices[1]])
      #expect(try await home.unlink(devices[1], as: home.ada).status == 200)
      try await expect([:])
    }
  }

  @Test(arguments: UserStream.Form.allCases) func `is cut off with the session, and nobody else is`(form: UserStream.Form)
    async throws
  {
    try await Self.open { home in
      let device = try await home.newDevice(of: home.ada)
      let login = #"{"email":"ada@example.com","password":"a long password"}"#
      let second = try #require(try await home.front.post("/v2/login", login).json()["token"]?.text)
      let paths = [Self.path, "/v2/classes/me/notes"]
      var first: [UserStream] = []
      for path in paths { first.append(try await UserStream.open(form, path, as: home.ada, home)) }
      let kept = try await UserStream.open(form, Self.path, as: second, home)
      let others = try await UserStream.open(form, Self.path, as: home.bob, home)
      #expect(try await home.front.ask(.put, "/v2/me/settings", as: second, #"{"password":"another one"}"#).status == 200)
      for stream in first { try await stream.expectEnd("the session has ended") }
      try await home.write(device, "t", "1")
      try await kept.expect(Self.message(device, "t", "1"))
      let users = try await home.front.operate(.get, "/api/v1/users").json()["users"]
      guard case .array(let list)? = users, let ada = list.first(where: { $0["email"]?.text == "ada@example.com" })?["id"]?.text
      else { throw CancellationError() }
      #expect(try await home.front.operate(.delete, "/api/v1/users/\(ada)/sessions").status == 200)
      try await kept.expectEnd("the session has ended")
      let own = try await home.newDevice(of: home.bob)
      try await home.write(own, "t", "2")
      try await others.expect(Self.message(own, "t", "2"))
      // With what has ended nothing begins again.
      let refused = try await home.front.ask(.get, Self.path + "?subscribe=true", as: second)
      refused.expectThingError(401, "Invalid session token")
    }
  }

  @Test(arguments: UserStream.Form.allCases) func `is cut off when the time of the session is over`(form: UserStream.Form)
    async throws
  {
    try await Self.open(service: { $0.sessionSeconds = 1 }) { home in
      // The clock of the service stands still, so that the stream's own time runs a whole second.
      let stream = try await UserStream.open(form, Self.path, as: home.ada, home)
      try await stream.expectEnd("the session has ended")
    }
  }

  @Test(arguments: UserStream.Form.allCases) func `gets a sign of life where nothing is written`(form: UserStream.Form)
    async throws
  {
    try await Self.open { home in
      let stream = try await UserStream.open(form, Self.path, as: home.ada, home, query: "&keepAlive=100")
      for _ in 0..<2 { try await stream.expect("{}") }
    }
  }

  @Test(arguments: UserStream.Form.allCases) func `may give the session in the query, as a browser must`(form: UserStream.Form)
    async throws
  {
    try await Self.open { home in
      let device = try await home.newDevice(of: home.ada)
      let stream = try await UserStream.open(form, Self.path, as: nil, home, query: "&sessionToken=\(home.ada)")
      try await home.write(device, "t", "1")
      try await stream.expect(Self.message(device, "t", "1"))
    }
  }

  @Test func `without a session, or to what can be no resource, is refused with an ordinary answer`() async throws {
    try await Self.open { home in
      for path in [Self.path, "/v2/classes/me/notes"] {
        for query in ["", "&sessionToken=x", "&sessionToken="] {
          try await home.front.get("\(path)?subscribe=true\(query)").expectThingError(401, "Invalid session token")
        }
        for header in ["Authorization: x", "X-A: b"] {
          let client = try WireClient(port: home.front.client.port)
          client.get(path, WebSocketTests.handshake + [header])
          let answer = String(decoding: try await client.readToEnd(), as: UTF8.self)
          #expect(answer.hasPrefix("HTTP/1.1 401 Unauthorized\r\n") && answer.hasSuffix(#""Invalid session token"}"#))
        }
      }
      let longest = "$settings." + String(repeating: "x", count: 119)
      for key in [
        "a%20b", "%E2%82%AC", String(repeating: "x", count: 129), "$", "$x", "$geo.x", "$Settings", "$settings.", "$settingsx",
        "$settings..x", "$settings.%E2%82%AC", longest, "$firmware%20",
      ] {
        try await home.front.ask(.get, "/v2/me/resources/\(key)?subscribe=true", as: home.ada)
          .expectThingError(404, "resource not found")
      }
      #expect(home.test.service.live.subscriptionCount == 0)
    }
  }

  @Test func `hears nothing of a write that was refused, and all others in the order of the commits`() async throws {
    try await Self.open { home in
      let device = try await home.newDevice(of: home.ada)
      let stream = try await UserStream.open(.chunked, Self.path, as: home.ada, home)
      for refused in [
        #"{"values":[{"key":"t","value":1},{"key":"t","value":2,"geo":7}]}"#,
        #"{"values":[{"key":"t","value":1},{"key":"a b"}]}"#,
        #"{"values":[{"key":"t","value":1},{"key":"$firmware","value":7}]}"#,
      ] { #expect(try await home.front.post("/v2/things/\(device.token)", refused).status == 400) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 { group.addTask { try await home.write(device, "t", "\(number)") } }
        try await group.waitForAll()
      }
      // All have the same time, so that they are read in the order in which they were committed.
      let values = try #require(try await home.values("t", of: device, as: home.ada))
      #expect(values.count == 100 && Set(values).count == 100)
      for value in values.reversed() { try await stream.expect(Self.message(device, "t", value)) }
    }
  }
}

/// The changes of a user's collection, over a real socket.
@Suite("A user who listens to a collection", .timeLimit(.minutes(10))) struct CollectionStreamTests {
  @Test(arguments: UserStream.Form.allCases) func `hears each change of it, and of no other`(form: UserStream.Form) async throws
  {
    try await Household.open(.socket) { home in
      let path = "/v2/classes/me/notes"
      let stream = try await UserStream.open(form, path, as: home.ada, home, query: "&keepAlive=3600000")
      let others = try await UserStream.open(form, path, as: home.bob, home)
      func ask(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, _ status: Int = 200) async throws {
        let answer = try await home.front.ask(method, path, as: home.ada, body)
        #expect(answer.status == status, "\(answer.text)")
      }
      try await ask(.post, "/v2/classes/me/other", #"{"_id":"k"}"#, 201)
      #expect(try await home.front.ask(.post, path, as: home.bob, #"{"_id":"k","bobs":1}"#).status == 201)
      try await others.expect(#"[{"event":"created","_id":"k","object":{"_id":"k","bobs":1}}]"#)
      try await ask(.post, path, #"{"_id":"k","a":1}"#, 201)
      try await stream.expect(#"[{"event":"created","_id":"k","object":{"_id":"k","a":1}}]"#)
      try await ask(.post, path, #"{"_id":"k"}"#, 409)
      try await ask(.put, "\(path)/none", "{}", 404)
      try await ask(.put, "\(path)/k", "[]", 400)
      try await ask(.put, "\(path)/k", #"{"a":null,"b":"x"}"#)
      try await stream.expect(#"[{"event":"updated","_id":"k","object":{"_id":"k","b":"x"}}]"#)
      try await ask(.put, "/v2/things/notes/k", #"{"b":2}"#)
      try await stream.expect(#"[{"event":"updated","_id":"k","object":{"_id":"k","b":2}}]"#)
      try await ask(.post, "\(path)/m", "{}", 201)
      try await stream.expect(#"[{"event":"created","_id":"m","object":{"_id":"m"}}]"#)
      try await ask(.delete, "\(path)/k")
      try await stream.expect(#"[{"event":"deleted","_id":"k"}]"#)
      try await ask(.delete, "\(path)/k", nil, 404)
      try await ask(.delete, path)
      try await stream.expect(#"[{"event":"deleted","_id":"m"}]"#)
      #expect(try await home.front.ask(.delete, "\(path)/k", as: home.bob).status == 200)
      try await others.expect(#"[{"event":"deleted","_id":"k"}]"#)
    }
  }
}
