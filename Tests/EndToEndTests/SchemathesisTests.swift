import Domain
import Foundation
import TestSupport
import Testing

/// A fuzzer that reads the OpenAPI document of a running server, sends what the document allows and what it forbids, and holds
/// each answer against the document. Endpoints that are added are in it by themselves.
@Suite(.enabled(if: PythonTools.has("schemathesis"), "\(PythonTools.hint)")) struct SchemathesisTests {
  /// Operations that are left out, as `METHOD PATH`, because their answer has no end.
  private static let endless = ["GET /v2/things/{token}"]
  private static let checks =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

  /// The things' and users' API by itself, since what operators are asked to do ends things.
  @Test(arguments: ["^/v2/", "^(?!/v2/)"]) func everyAnswerToAnythingIsAsTheDocumentSays(paths: String) async throws {
    let workshop = try await Workshop.openWithModel()
    let configuration = try workshop.folder.write(Data(try await known(to: workshop).utf8), to: "schemathesis.toml")
    let result = try await run(workshop, configuration, ["--include-path-regex", paths])
    #expect(result.status == 0, "\(result.output.suffix(12_000)) \(result.errors.suffix(2000))")
    // It did send something, to each operation.
    let document = try await workshop.server.exchange("GET", "/openapi.json").json
    guard case .object(let all)? = document?["paths"] else { throw RawConnection.Failure(description: "no document") }
    let names = all.flatMap { path, operations in
      if case .object(let methods) = operations { methods.keys.map { "\($0.uppercased()) \(path)" } } else { [String]() }
    }
    let isThingSide = paths == "^/v2/"
    let sent = names.filter { name in
      name.contains(" /v2/") == isThingSide && !Self.endless.contains(name)
    }
    #expect(sent.count > 5 && result.output.contains(" \(sent.count) selected "), "\(result.output.prefix(2000))")
    #expect(!workshop.server.log.contains("a request failed"), "\(workshop.server.log.suffix(4000))")
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
    let result = try await run(workshop, configuration, arguments, document: document)
    #expect(result.status == 1 && result.output.contains("Undocumented status code"), "\(result.output)")
  }

  private func run(
    _ workshop: Workshop, _ configuration: String, _ selection: [String], document: String? = nil
  ) async throws -> ProgramResult {
    let arguments =
      [
        "-m", "schemathesis.cli", "--no-color", "--config-file", configuration, "run",
        document ?? workshop.server.url + "/openapi.json", "--header", "Authorization: Bearer \(workshop.server.token)",
        "--seed", "20261121", "--max-examples", "10", "--workers", "2", "--mode", "all", "--phases", "coverage,fuzzing",
        "--checks", Self.checks, "--request-timeout", "20", "--no-shrink", "--continue-on-failure",
        "--generation-database", "none", "--warnings", "off", "--suppress-health-check", "all",
      ] + selection + Self.endless.flatMap { ["--exclude-name", $0] }
    return try await Program.run(
      "python3", arguments, in: workshop.folder.path, environment: PythonTools.environment)
  }

  /// Names of what is really there, most of the time taken for parameters of these names, so that requests come past the first
  /// `not found`. Several things, since a request may end one.
  private func known(to workshop: Workshop) async throws -> String {
    let image = try workshop.folder.write(Data(imageBytes(4000, seed: 5)), to: "image.bin")
    let firmware = try await workshop.upload(image, model: Workshop.model, mcu: Workshop.mcu, version: "1.0")
    var tokens: [String] = []
    for _ in 0..<8 { tokens.append(try await workshop.newThing(Workshop.model).token) }
    let things = try await workshop.json("thing", "list")["things"]?.elements?.compactMap { $0["id"]?.text } ?? []
    let keys = try await workshop.json("model", "keys", Workshop.model)["keys"]?.elements?.compactMap { $0["id"]?.text } ?? []
    let codes = try await workshop.json("code", "create", Workshop.model, "--count", "20")["codes"]?.elements ?? []
    let values = [
      "path.token": tokens, "path.thing": things, "path.firmware": [firmware], "path.model": [Workshop.model],
      "query.model": [Workshop.model], "query.mcu": [Workshop.mcu], "path.key": keys + ["$firmware", "temperature"],
      "body.model": [Workshop.model], "body.activationCode": codes.compactMap { $0["code"]?.text },
    ]
    #expect(values.values.allSatisfy { !$0.isEmpty })
    var lines: [String] = []
    for (name, values) in values {
      lines += ["[dictionaries.\(name.replacing(".", with: "-"))]", "values = \(try OneLine.json(values))"]
    }
    lines.append("[parameters]")
    for name in values.keys {
      lines.append("\"\(name)\" = { dictionary = \"\(name.replacing(".", with: "-"))\", probability = 0.7 }")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// An array of texts as JSON has it, and TOML too.
private enum OneLine {
  static func json(_ values: [String]) throws -> String { String(decoding: try JSONEncoder().encode(values), as: UTF8.self) }
}
