import Domain
import Foundation
import TestSupport
import Testing

/// A fuzzer that reads the OpenAPI document of a running server, sends what the document allows and what it forbids, and holds
/// each answer against the document. Endpoints that are added are in it by themselves.
@Suite(.enabled(if: PythonTools.has("schemathesis"), "\(PythonTools.hint)")) struct SchemathesisTests {
  /// Operations that are left out, as `METHOD PATH`, because their answer has no end.
  private static let endless = ["GET /v2/things/{token}", "GET /api/v1/rollouts/{rollout}/events"]
  private static let checks =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

  /// Whose API is driven, each by itself and with what they show, since what operators are asked to do ends things.
  enum Side: String, CaseIterable, Sendable {
    case things = "^/v2(/|$)"
    case controllers = "^/[{]tenant[}]/"
    case operators = "^/(?!v2(/|$)|[{]tenant[}]/)"

    func has(_ path: Substring) -> Bool {
      switch self {
      case .things: path == "/v2" || path.hasPrefix("/v2/")
      case .controllers: path.hasPrefix("/{tenant}/")
      case .operators: !Self.things.has(path) && !Self.controllers.has(path)
      }
    }
  }

  @Test(arguments: Side.allCases) func everyAnswerToAnythingIsAsTheDocumentSays(side: Side) async throws {
    let workshop = try await Workshop.openWithModel()
    let (known, session, gateway) = try await known(to: workshop)
    let configuration = try workshop.folder.write(Data(known.utf8), to: "schemathesis.toml")
    let authorization =
      switch side {
      case .things: session
      case .controllers: "GatewayToken \(gateway)"
      case .operators: "Bearer \(workshop.server.token)"
      }
    let result = try await run(
      workshop, configuration, ["--include-path-regex", side.rawValue], authorization: authorization)
    #expect(result.status == 0, "\(result.output.suffix(12_000)) \(result.errors.suffix(2000))")
    // It did send something, to each operation.
    let document = try await workshop.server.exchange("GET", "/openapi.json").json
    guard case .object(let all)? = document?["paths"] else { throw RawConnection.Failure(description: "no document") }
    let names = all.flatMap { path, operations in
      if case .object(let methods) = operations { methods.keys.map { "\($0.uppercased()) \(path)" } } else { [String]() }
    }
    let sent = names.filter { name in
      side.has(name.drop { $0 != " " }.dropFirst()) && !Self.endless.contains(name)
    }
    #expect(sent.count > 5 && result.output.contains(" \(sent.count) selected "), "\(result.output.prefix(2000))")
    if side == .controllers {
      // It came past the token; which updates are there for it to read is a fuzzer's luck.
      let answered = try answered(workshop, names)
      let taken = sent.filter { name in (answered[name] ?? []).contains { (200..<300).contains($0) } }
      for path in ["", "/confirmationBase"] {
        #expect(taken.contains("GET /{tenant}/controller/v1/{controllerId}\(path)"), "\(answered)")
      }
      #expect(taken.count * 3 > sent.count, "\(taken): \(answered)")
    }
    if side == .things {
      // It came past the session and past `not found`: everything was read once, but for the page that a mail's token opens,
      // and most of the rest was done once. Which of it is a fuzzer's luck.
      let answered = try answered(workshop, names)
      let refused = sent.filter { name in !(answered[name] ?? []).contains { (200..<300).contains($0) || $0 == 302 } }
      #expect(refused.filter { $0.hasPrefix("GET ") } == ["GET /v2/confirm/{token}"], "\(answered)")
      #expect(refused.count * 3 < sent.count, "\(refused): \(answered)")
    }
    #expect(!workshop.server.log.contains("a request failed"), "\(workshop.server.log.suffix(4000))")
  }

  /// The statuses of the answers to each operation, from the fuzzer's own report (HAR).
  private func answered(_ workshop: Workshop, _ names: [String]) throws -> [String: Set<Int64>] {
    let report = try JSONValue.reading(
      String(decoding: FileManager.default.contents(atPath: workshop.folder.path + "/report.json") ?? Data(), as: UTF8.self))
    var answered: [String: Set<Int64>] = [:]
    for entry in report["log"]?["entries"]?.elements ?? [] {
      guard let method = entry["request"]?["method"]?.text, let url = entry["request"]?["url"]?.text,
        let status = entry["response"]?["status"]?.wholeNumber, let path = URL(string: url)?.path(percentEncoded: true)
      else { continue }
      let segments = path.split(separator: "/")
      for name in names where name.hasPrefix("\(method) ") {
        let template = name.dropFirst(method.count + 1).split(separator: "/")
        guard template.count == segments.count,
          zip(template, segments).allSatisfy({ $0.hasPrefix("{") || $0 == $1 })
        else { continue }
        answered[name, default: []].insert(status)
      }
    }
    return answered
  }

  @Test func itFindsAnAnswerThatTheDocumentDoesNotName() async throws {
    let workshop = try await Workshop.open()
    let answer = try await workshop.server.exchange("GET", "/openapi.json")
    // A document that says that every model is there.
    let text = answer.text.replacing("\"404\":", with: "\"444\":")
    #expect(text != answer.text)
    let document = try workshop.folder.write(Data(text.utf8), to: "openapi.json")
    let configuration = try workshop.folder.write(Data(), to: "schemathesis.toml")
    let arguments = ["--include-path", "/api/v1/models/{model}", "--url", workshop.server.url]
    let result = try await run(
      workshop, configuration, arguments, document: document, authorization: "Bearer \(workshop.server.token)")
    #expect(result.status == 1 && result.output.contains("Undocumented status code"), "\(result.output)")
  }

  private func run(
    _ workshop: Workshop, _ configuration: String, _ selection: [String], document: String? = nil,
    authorization: String
  ) async throws -> ProgramResult {
    // One worker: with several threads, Python 3.11 sometimes fails to parse (its issue 106905).
    let arguments =
      [
        "-m", "schemathesis.cli", "--no-color", "--config-file", configuration, "run",
        document ?? workshop.server.url + "/openapi.json", "--header", "Authorization: \(authorization)",
        "--seed", "20261121", "--max-examples", "6", "--workers", "1", "--mode", "all", "--phases", "coverage,fuzzing",
        "--checks", Self.checks, "--request-timeout", "120", "--no-shrink", "--continue-on-failure",
        "--report-har-path", workshop.folder.path + "/report.json", "--generation-database", "none", "--warnings", "off",
        "--suppress-health-check", "all",
      ] + selection + Self.endless.flatMap { ["--exclude-name", $0] }
    return try await Program.run(
      "python3", arguments, in: workshop.folder.path, environment: PythonTools.environment)
  }

  /// Names of what is really there, most of the time taken for parameters of these names, so that requests come past the first
  /// `not found`. Several things, since a request may end one.
  /// - Returns: the configuration, the session of a user who owns the things, and the token of the model's gateways.
  private func known(to workshop: Workshop) async throws -> (configuration: String, session: String, gateway: String) {
    let image = try workshop.folder.write(Data(imageBytes(4000, seed: 5)), to: "image.bin")
    let firmware = try await workshop.upload(image, model: Workshop.model, mcu: Workshop.mcu, version: "1.0")
    var tokens: [String] = []
    for _ in 0..<8 { tokens.append(try await workshop.newThing(Workshop.model).token) }
    let things = try await workshop.json("thing", "list")["things"]?.elements?.compactMap { $0["id"]?.text } ?? []
    let keys = try await workshop.json("model", "keys", Workshop.model)["keys"]?.elements?.compactMap { $0["id"]?.text } ?? []
    let codes = try await workshop.json("code", "create", Workshop.model, "--count", "20")["codes"]?.elements ?? []
    let session = try await session(in: workshop, owning: tokens)
    let gateway = try await workshop.json("model", "gateway-token", Workshop.model)["token"]?.text ?? ""
    let controllers = (1...4).map { "controller-\($0)" }
    let actions = try await actions(of: controllers, gateway, workshop)
    let webhook = try await workshop.json("webhook", "create", "https://hooks.invalid/")["id"]?.text
    let values = [
      "path.token": tokens, "path.thing": things, "path.firmware": [firmware], "path.model": [Workshop.model],
      "query.model": [Workshop.model], "query.mcu": [Workshop.mcu],
      "path.tenant": ["DEFAULT", "default"], "path.controllerId": controllers, "path.actionId": actions.ids,
      "path.moduleId": [actions.module], "path.fileName": [actions.file],
      "path.webhook": [webhook ?? ""], "path.key": keys + ["$firmware", "temperature", "description"],
      "path.resource": ["temperature", "description", "$settings"], "path.collection": ["notes"],
      "body.thingToken": tokens, "body.thingId": things, "query.thingId": things,
      "body.password": ["a long password"], "body.email": ["ada@example.org", "bob@example.org"],
      "query.email": ["bob@example.org"],
      "body.model": [Workshop.model], "body.activationCode": codes.compactMap { $0["code"]?.text },
    ]
    #expect(values.values.allSatisfy { !$0.isEmpty })
    var lines: [String] = []
    for (name, values) in values {
      lines += ["[dictionaries.\(name.replacing(".", with: "-"))]", "values = \(try OneLine.json(values))"]
    }
    // A stream has no end.
    lines += ["[parameters]", "\"query.subscribe\" = false"]
    for name in values.keys {
      lines.append("\"\(name)\" = { dictionary = \"\(name.replacing(".", with: "-"))\", probability = 0.7 }")
    }
    return (lines.joined(separator: "\n") + "\n", session, gateway)
  }

  /// Has devices of the DDI door come, and be told of the published firmware.
  /// - Returns: the numbers of their actions, and those of the module and of the file in them.
  private func actions(
    of controllers: [String], _ gateway: String, _ workshop: Workshop
  ) async throws -> (ids: [String], module: String, file: String) {
    var ids: [String] = []
    var file: [Substring] = []
    func ask(_ path: String) async throws -> JSONValue? {
      try await workshop.server.exchange(
        RawRequest(path: path, headers: [("Authorization", "GatewayToken \(gateway)")])
      ).json
    }
    for name in controllers {
      let poll = try await ask("/DEFAULT/controller/v1/\(name)")
      let href = try #require(poll?["_links"]?["deploymentBase"]?["href"]?.text)
      let id = String(try #require(href.split(separator: "/").last).prefix { $0 != "?" })
      ids.append(id)
      let deployment = try await ask("/DEFAULT/controller/v1/\(name)/deploymentBase/\(id)")
      let artifact = deployment?["deployment"]?["chunks"]?[0]?["artifacts"]?[0]
      file = try #require(artifact?["_links"]?["download"]?["href"]?.text).split(separator: "/")
    }
    return (ids, String(file[file.count - 3]), String(file[file.count - 1]))
  }

  /// A user who owns things with values, and shares one.
  private func session(in workshop: Workshop, owning tokens: [String]) async throws -> String {
    let credentials = #"{"email":"ada@example.org","password":"a long password"}"#
    let registered = try await workshop.server.exchange("POST", "/v2/register", credentials)
    let session = try #require(registered.json?["token"]?.text)
    func ask(_ method: String, _ path: String, _ body: String) async throws -> RawAnswer {
      try await workshop.server.exchange(
        RawRequest(method: method, path: path, headers: [("Authorization", session)], body: Array(body.utf8)))
    }
    for token in tokens {
      let values = #"{"values":[{"key":"temperature","value":21},{"key":"$settings","value":{"a":1}}]}"#
      #expect(try await workshop.server.exchange("POST", "/v2/things/\(token)", values).status == 201)
      #expect(try await ask("POST", "/v2/me/things", #"{"thingToken":"\#(token)"}"#).status == 200)
    }
    #expect(try await ask("POST", "/v2/classes/me/notes", #"{"_id":"temperature"}"#).status == 201)
    let share = #"{"resources":["temperature"],"email":"bob@example.org"}"#
    #expect(try await ask("PUT", "/v2/me/grant", share).status == 200)
    return session
  }
}

/// An array of texts as JSON has it, and TOML too.
private enum OneLine {
  static func json(_ values: [String]) throws -> String { String(decoding: try JSONEncoder().encode(values), as: UTF8.self) }
}
