import APIContract
import Domain
import Foundation
import Testing

/// Requests that no route can take, against the real program.
@Suite(.serialized) struct BadInputRequestTests {
  /// Bodies that are no JSON object, whatever the route.
  private static let notObjects: [(name: String, bytes: [UInt8])] = textsThatAreNoObjects + bytesThatAreNoText

  private static let textsThatAreNoObjects: [(name: String, bytes: [UInt8])] = {
    let deepArrays = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    let deepObjects = String(repeating: "{\"a\":", count: 10_000) + "1" + String(repeating: "}", count: 10_000)
    let texts: [String: String] = [
      "empty": "", "white": " \r\n", "open": "{", "array": "[]", "text": "\"x\"", "null": "null", "number": "1",
      "word": "hello", "trailing": "{} x", "two": "{}{}", "single quotes": "{'a':1}", "comma": "{,}", "bare key": "{a:1}",
      "huge number": "{\"a\":1e99999", "raw NUL": "{\"a\":\"\u{0}\"}", "NUL": "\u{0}", "escape": "{\"a\":\"\\x\"}",
      "lone surrogate": "{\"a\":\"\\ud800\"}", "control": "{\"a\":\"\n\"}", "deep arrays": deepArrays,
      "deep objects": deepObjects, "deep and open": String(repeating: "[", count: 10_000),
    ]
    return texts.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.utf8)) }
  }()

  private static let bytesThatAreNoText: [(name: String, bytes: [UInt8])] = {
    let open = Array("{\"a\":\"".utf8)
    let close = Array("\"}".utf8)
    let wide = Array("{\"activationCode\":\"x\",\"name\":\"n\",\"mcus\":[\"u\"]}".utf8).flatMap { [$0, 0] as [UInt8] }
    return [
      ("no UTF-8", open + [0xFF, 0xFE] + close), ("cut UTF-8", open + [0xC3]), ("overlong UTF-8", open + [0xC0, 0x80] + close),
      ("UTF-16", wide), ("UTF-16 mark", [0xFF, 0xFE] + wide), ("MessagePack", [0x81, 0xA1, 0x61, 0x01]),
    ]
  }()

  /// A model `m` with a thing; gives its token and its id.
  private func withThing(
    _ arguments: [String] = [], environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (RunningServer, EngineersDesk, _ token: String, _ id: String) async throws -> Void
  ) async throws {
    try await withServer(arguments, environment: environment, sourceLocation: sourceLocation) { server in
      let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
      let token = try await desk.activateThings(1)[0]
      let things = try await server.operate("GET", "/api/v1/things")
      try await body(server, desk, token, try #require(things.json?["things"]?.elements?.first?["id"]?.text))
      #expect(try await desk.poll(token).status == 200)
    }
  }

  /// The path of an endpoint with things in it that are there.
  private func path(_ endpoint: Endpoint, thing: String, token: String) -> String {
    endpoint.template.replacingOccurrences(of: "{thing}", with: thing).replacingOccurrences(of: "{model}", with: "m")
      .replacingOccurrences(of: "{token}", with: token).replacingOccurrences(of: "{key}", with: "temperature")
      .replacingOccurrences(of: "{digest}", with: "sha256:" + String(repeating: "a", count: 64))
      .replacingOccurrences(of: "{firmware}", with: "none").replacingOccurrences(of: "{resource}", with: "description")
  }

  @Test func bodiesThatAreNoJSONObjectAreRefusedEverywhere() async throws {
    try await withThing { server, _, token, id in
      let before = try await server.operate("GET", "/api/v1/audit").body
      let credentials = #"{"email":"ada@example.com","password":"a long password"}"#
      let opened = try await server.exchange("POST", "/v2/register", credentials)
      let session = try #require(opened.json?["token"]?.text)
      let endpoints = Endpoints.all.filter { $0.request?.contentType == "application/json" && $0.access != .controllers }
      #expect(endpoints.count >= 8)
      for endpoint in endpoints {
        let path = path(endpoint, thing: id, token: token)
        for body in Self.notObjects {
          let comment = "\(endpoint.id), \(body.name):"
          let method = endpoint.method.rawValue.uppercased()
          if endpoint.id == Endpoints.openOperatorSession.id {
            let request = RawRequest(
              method: method, path: path, headers: [(name: "Content-Type", value: "application/json")], body: body.bytes)
            // Who has shown nothing yet may send little.
            expectProblem(try await server.exchange(request), body.bytes.count > 4096 ? 413 : 400, nil, comment)
          } else if endpoint.access == .operators {
            expectProblem(try await server.operate(method, path, body.bytes), 400, nil, comment)
          } else {
            let headers = endpoint.access == .users ? [(name: "Authorization", value: session)] : []
            let request = RawRequest(method: method, path: path, headers: headers, body: body.bytes)
            expectThingError(try await server.exchange(request), 400, comment)
          }
        }
      }
      #expect(try await server.operate("GET", "/api/v1/audit").body == before)
    }
  }

  @Test func membersOfTheWrongKindAreRefusedByTheirName() async throws {
    try await withThing { server, desk, token, id in
      try await desk.release(imageBytes(100, seed: 41), mcu: "u", version: "1.0.0", sequence: 1)
      let operators: [(path: String, body: String, named: String)] = [
        ("models", "{}", "name"), ("models", "{\"name\":1,\"mcus\":[\"u\"]}", "name"),
        ("models", "{\"name\":null,\"mcus\":[\"u\"]}", "name"), ("models", "{\"name\":\"n\"}", "mcus"),
        ("models", "{\"name\":\"n\",\"mcus\":\"u\"}", "mcus"), ("models", "{\"name\":\"n\",\"mcus\":[1]}", "mcus"),
        ("models", "{\"name\":\"n\",\"mcus\":[null]}", "mcus"), ("models", "{\"name\":\"n\\u0000\",\"mcus\":[\"u\"]}", "name"),
        ("models", "{\"name\":\"n\",\"mcus\":[\"u\"],\"confirmWithin\":\"1\"}", "confirmWithin"),
        ("models", "{\"name\":\"n\",\"mcus\":[\"u\"],\"confirmWithin\":0}", "confirmWithin"),
        ("models", "{\"name\":\"n\",\"mcus\":[\"u\"],\"numericVersions\":1}", "numericVersions"),
        ("models/m/keys", "{}", "pem"), ("models/m/keys", "{\"pem\":\"\"}", "pem"), ("models/m/keys", "{\"pem\":7}", "pem"),
        ("models/m/keys", "{\"pem\":\"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n\"}", "pem"),
        ("models/m/keys", "{\"pem\":\"\\u0000\"}", "pem"),
        ("codes", "{}", "model"), ("codes", "{\"model\":\"m\"}", "count"),
        ("codes", "{\"model\":\"m\",\"count\":\"1\"}", "count"),
        ("codes", "{\"model\":\"m\",\"count\":0}", "count"), ("codes", "{\"model\":\"m\",\"count\":-1}", "count"),
        ("codes", "{\"model\":\"m\",\"count\":10001}", "count"),
        ("things/\(id)/token", "{\"overlap\":\"1\"}", "overlap"), ("things/\(id)/token", "{\"overlap\":-1}", "overlap"),
        ("things/\(id)/token", "{\"overlap\":9223372036854775807}", "overlap"),
        ("things/import", "{}", "things"), ("things/import", "{\"things\":[]}", "things"),
        ("things/import", "{\"things\":[{}]}", "things.0.token"), ("things/import", "{\"things\":[7]}", "things.0"),
        ("things/import", "{\"things\":[{\"token\":\"short\",\"model\":\"m\"}]}", "entry 1"),
        (
          "things/import", "{\"things\":[{\"token\":\"\(String(repeating: "a", count: 43))\",\"model\":\"m\",\"id\":\"\"}]}",
          "entry 1"
        ),
        ("firmwares", "{}", "payload"),
        ("firmwares", "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":{}}", "signatures"),
        ("firmwares", "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[{}]}", "signatures.0.keyid"),
      ]
      for (path, body, named) in operators {
        let answer = try await server.operate("POST", "/api/v1/\(path)", json: body)
        expectProblem(answer, 400, nil, body)
        #expect(answer.json?["detail"]?.text?.contains(named) == true, "\(body): \(answer.text)")
      }
      // Of a number that does not fit, the decoder does not say where it stands.
      for number in ["1.5", "1e300", "99999999999999999999", "9223372036854775808"] {
        let body = "{\"model\":\"m\",\"count\":\(number)}"
        expectProblem(try await server.operate("POST", "/api/v1/codes", json: body), 400, "malformed", body)
      }
      func report(_ value: String) -> String { "{\"values\":[{\"key\":\"$firmware\",\"value\":\(value)}]}" }
      let things: [(path: String, body: String, named: String)] = [
        ("", "{}", "activationCode"), ("", "{\"activationCode\":1}", "activationCode"),
        ("", "{\"activationCode\":null}", "activationCode"), ("", "{\"activationCode\":[\"x\"]}", "activationCode"),
        ("/\(token)", "{}", "values"), ("/\(token)", "{\"values\":{}}", "values"), ("/\(token)", "{\"values\":[]}", "values"),
        ("/\(token)", "{\"values\":[{}]}", "key"), ("/\(token)", "{\"values\":[{\"key\":\"$firmware\"}]}", "value"),
        ("/\(token)", "{\"values\":[{\"key\":7,\"value\":1}]}", "key"), ("/\(token)", report("1"), "value"),
        ("/\(token)", report("null"), "value"), ("/\(token)", report("[]"), "value"), ("/\(token)", report("{}"), "version"),
        ("/\(token)", report("{\"version\":{}}"), "version"), ("/\(token)", report("{\"version\":\"9.9.9\"}") + "x", "JSON"),
        ("/\(token)", report("{\"mcu\":\"other\",\"version\":\"1.0.0\"}"), "mcu"),
        ("/\(token)", report("{\"mcu\":\"u\",\"version\":\"1.0.0\",\"status\":\"eaten\"}"), "status"),
        ("/\(token)", report("{\"mcu\":\"u\",\"version\":\"1.0.0\",\"status\":7}"), "status"),
        ("/\(token)", report("{\"mcu\":\"u\",\"version\":\"9.9.9\",\"status\":\"installed\"}"), "version"),
        ("/\(token)", report("{\"mcu\":\"u\",\"version\":\"1\\u0000\"}"), "version"),
        ("/\(token)", report("{\"mcu\":\"u\",\"version\":\"1.0.0\",\"boot\":\"\\u0000\"}"), "boot"),
        ("/\(token)", report("{\"mcu\":\"u\",\"version\":\"\"}"), "version"),
        ("/\(token)", report("{\"mcu\":\"u\",\"version\":\"\(String(repeating: "1", count: 65))\"}"), "version"),
      ]
      for (path, body, named) in things {
        let answer = try await server.exchange("POST", "/v2/things\(path)", body)
        expectThingError(answer, 400, body)
        #expect(answer.json?["message"]?.text?.contains(named) == true, "\(body): \(answer.text)")
      }
      // A code that no code can be is a wrong code, not a wrong request.
      for code in ["", "\\u0000", "x", String(repeating: "A", count: 5000), "ü", "' OR 1=1 --"] {
        expectThingError(try await server.exchange("POST", "/v2/things", "{\"activationCode\":\"\(code)\"}"), 403, code)
      }
      // One of two members of the same name counts, or the body is refused; nothing else.
      let twice = try await server.exchange("POST", "/v2/things", "{\"activationCode\":\"x\",\"activationCode\":\"y\"}")
      #expect([400, 403].contains(twice.status))
      // Numbers that no report needs are taken as the texts that they are, or refused.
      for number in ["1e308", "-0", "0.1", "123456789012345678901234567890", "1e400"] {
        let answer = try await server.exchange("POST", "/v2/things/\(token)", report("{\"mcu\":\"u\",\"version\":\(number)}"))
        #expect([201, 400].contains(answer.status), "\(number): \(answer.status) \(answer.text)")
      }
    }
  }

  @Test func bodiesOverTheLimitAreRefused() async throws {
    let limits = ["FIRMAMENT_LARGEST_THING_BODY": "2000", "FIRMAMENT_LARGEST_OPERATOR_BODY": "3000"]
    try await withThing(environment: limits) { server, _, token, _ in
      for isChunked in [false, true] {
        for path in ["/v2/things", "/v2/things/\(token)"] {
          let request = RawRequest(
            method: "POST", path: path, body: [UInt8](repeating: 32, count: 2001), isChunked: isChunked)
          expectThingError(try await server.exchange(request), 413, path)
          let fitting = RawRequest(method: "POST", path: path, body: [UInt8](repeating: 32, count: 2000), isChunked: isChunked)
          expectThingError(try await server.exchange(fitting), 400, path)
        }
        for path in ["models", "codes", "firmwares", "things/import", "models/m/keys"] {
          let large = [UInt8](repeating: 32, count: 3001)
          expectProblem(try await server.operate("POST", "/api/v1/\(path)", large, isChunked: isChunked), 413, "body-too-large")
          let fitting = try await server.operate("POST", "/api/v1/\(path)", Array(large.dropLast()), isChunked: isChunked)
          expectProblem(fitting, 400, nil, path)
        }
      }
      // Much too large, and never read to its end.
      let flood = RawRequest(method: "POST", path: "/v2/things", body: [UInt8](repeating: 32, count: 8 << 20), isChunked: true)
      expectThingError(try await server.exchange(flood), 413)
    }
  }

  @Test func tokensThatAreNoneAreNotFound() async throws {
    try await withThing { server, _, token, _ in
      let cut = String(token.dropLast())
      let tokens: [String] = [
        String(repeating: "A", count: 43), cut, token + "A", cut + "!", cut + "%00", "%00", "a%2Fb", "..%2F..", "%2e%2e",
        "%C3%BC", String(repeating: "A", count: 10_240),
        cut + "+", "%20" + cut, token.uppercased(), "'--", "*", "~", "null",
      ]
      for wrong in tokens {
        for tail in ["/firmwares/latest", "/firmwares/download/x", "/firmwares/manifest/x", "/resources/$firmware"] {
          expectThingError(try await server.exchange("GET", "/v2/things/\(wrong)\(tail)"), 404, wrong + tail)
        }
        let body = "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"version\":\"1\"}}]}"
        expectThingError(try await server.exchange("POST", "/v2/things/\(wrong)", body), 404, wrong)
      }
      // A broken percent-encoding or one that is no UTF-8 names no thing either.
      for wrong in ["%", "%4", "%ZZ", "%FF", "%C3"] {
        let answer = try await server.exchange("GET", "/v2/things/\(wrong)/firmwares/latest")
        expectThingError(answer, answer.status == 400 ? 400 : 404, wrong)
      }
      for id in ["x", "%00", "%2F", "..%2F..%2Foperator.token", String(repeating: "a", count: 5000)] {
        expectThingError(try await server.exchange("GET", "/v2/things/\(token)/firmwares/download/\(id)"), 404, id)
        expectThingError(try await server.exchange("GET", "/v2/things/\(token)/firmwares/manifest/\(id)"), 404, id)
        for path in ["things/\(id)", "firmwares/\(id)", "models/\(id)", "things/\(id)/token"] {
          expectProblem(try await server.operate("GET", "/api/v1/\(path)"), 404, nil, path)
        }
      }
    }
  }

  @Test func unknownPathsAreNotFoundAndWrongMethodsAreToldTheRightOnes() async throws {
    try await withThing { server, _, token, id in
      for path in ["/v2/nothing", "/v2/things/\(token)/nothing", "/v2/things/\(token)/firmwares"] {
        expectThingError(try await server.exchange("GET", path), 404, path)
      }
      for path in ["/nothing", "/api", "/v1", "/..%2F..%2Fetc%2Fpasswd", "/../../etc/passwd"] {
        expectProblem(try await server.exchange("GET", path), 404, "unknown-path", path)
      }
      expectProblem(try await server.operate("GET", "/api/v1/nothing"), 404, "unknown-path")
      var allowed: [String: Set<String>] = [:]
      // The old path of objects would make every path below a thing a known one.
      for endpoint in Endpoints.all
      where endpoint.id != Endpoints.updateObjectByOldPath.id && endpoint.access != .controllers {
        allowed[path(endpoint, thing: id, token: token), default: []].insert(endpoint.method.rawValue.uppercased())
      }
      for (path, methods) in allowed {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE"] where !methods.contains(method) {
          let request = RawRequest(method: method, path: path, headers: [("Authorization", "Bearer \(server.token)")])
          let answer = try await server.exchange(request)
          if path.hasPrefix("/v2") {
            expectThingError(answer, 405, "\(method) \(path)")
          } else {
            expectProblem(answer, 405, "method-not-allowed", "\(method) \(path)")
          }
          let listed = Set((answer["allow"] ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
          #expect(listed.isSuperset(of: methods) && !listed.contains(method), "\(method) \(path): \(listed)")
        }
      }
    }
  }

  @Test func nobodyPassesWithoutAnOperatorsToken() async throws {
    try await withThing { server, _, token, id in
      let right = server.token
      let credentials: [String?] = [
        nil, "", "Bearer", "Bearer ", "Bearer  \(right)", "Bearer \(right)x", "Bearer \(right.dropLast())", "Basic \(right)",
        right, "Bearer \(token)", "Bearer \(right.lowercased())", "Bearer \(String(repeating: "a", count: 8000))",
        "Bearer \u{ff}\u{fe}",
      ]
      for credential in credentials {
        let headers = credential.map { [("Authorization", $0)] } ?? []
        for path in ["/api/v1/models", "/api/v1/operator", "/api//v1/models", "//api/v1/models"] {
          let answer = try await server.exchange(RawRequest(path: path, headers: headers))
          expectProblem(answer, 401, "unauthorized", "\(credential ?? "none") \(path)")
          #expect(answer["www-authenticate"]?.hasPrefix("Bearer") == true)
        }
      }
      for endpoint in Endpoints.all where endpoint.access == .operators {
        let method = endpoint.method.rawValue.uppercased()
        let path = path(endpoint, thing: id, token: token)
        let answer = try await server.exchange(
          RawRequest(method: method, path: path, body: method == "GET" ? nil : [123, 125]))
        #expect(answer.status == 401, "\(method) \(path)")
        #expect(answer["www-authenticate"]?.hasPrefix("Bearer") == true, "\(method) \(path)")
        if method != "HEAD" { expectProblem(answer, 401, "unauthorized", path) }
      }
      // The scheme may be spelled in any case (RFC 9110 section 11.1).
      let answer = try await server.exchange(
        RawRequest(path: "/api/v1/operator", headers: [("authorization", "bEaReR \(right)")]))
      #expect(answer.status == 200)
    }
  }

  @Test func oddQueriesAreReadOrRefusedButNeverAnError() async throws {
    try await withThing { server, _, token, _ in
      for list in ["models", "firmwares", "codes", "things", "audit"] {
        for query in ["limit=abc", "limit=1.5", "limit=99999999999999999999", "limit=%00"] {
          expectProblem(try await server.operate("GET", "/api/v1/\(list)?\(query)"), 400, "malformed", "\(list)?\(query)")
        }
        for query in ["limit=0", "limit=-1", "limit=1000000", "limit=", "limit", "", "&&&", "=", "after="] {
          #expect(try await server.operate("GET", "/api/v1/\(list)?\(query)").status == 200, "\(list)?\(query)")
        }
        guard list != "models" else { continue }
        let after = try await server.operate("GET", "/api/v1/\(list)?after=zzz")
        expectProblem(after, 400, "malformed", list)
        if list != "audit" {
          expectProblem(try await server.operate("GET", "/api/v1/\(list)?model=nobody"), 404, "unknown-model", list)
        }
      }
      let poll = "/v2/things/\(token)/firmwares/latest"
      for query in ["", "?", "?&", "?mcu", "?mcu=u", "?x=y", "?version=", "?version=1&version=2", "?mcu=u&version=1&boot=1"] {
        #expect(try await server.exchange("GET", poll + query).status == 200, "\(query)")
      }
      for query in ["?version=%00", "?version=\(String(repeating: "1", count: 65))", "?mcu=nobody&version=1"] {
        expectThingError(try await server.exchange("GET", poll + query), 400, query)
      }
      for query in ["?version=%FF", "?version=%", "?boot=%00&version=1", "?version=%C3%28"] {
        let answer = try await server.exchange("GET", poll + query)
        #expect([200, 400].contains(answer.status), "\(query): \(answer.status)")
      }
    }
  }
}
