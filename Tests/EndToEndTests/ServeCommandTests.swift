import Domain
import Foundation
import TestSupport
import Testing

/// What every command keeps to: exit codes, one line of failure, one JSON document, and lists in pages.
@Suite(.serialized) struct ServeCommandTests {
  /// An address where nobody listens.
  private func deadAddress() async throws -> String {
    let folder = try TemporaryFolder()
    let server = try await RunningServer.start(store: folder.path + "/store")
    try await expectSoundAndStop(server)
    return server.url
  }

  @Test func withoutAServerEveryCommandFailsInOneLine() async throws {
    let folder = try TemporaryFolder()
    let environment = [
      "FIRMAMENT_URL": try await deadAddress(), "FIRMAMENT_TOKEN": "some-token", "HOME": folder.path,
      "XDG_CONFIG_HOME": folder.path,
    ]
    let commands = [
      ["model", "list"], ["model", "show", "m"], ["model", "keys", "m"], ["firmware", "list"], ["firmware", "show", "x"],
      ["code", "list"], ["code", "create", "m", "--count", "1"], ["thing", "list"], ["thing", "show", "x"],
      ["thing", "reset", "x"], ["thing", "explain", "x"], ["status"], ["audit", "list"], ["store", "verify"],
      ["rollout", "list"], ["rollout", "plan", "--model", "m", "--version", "1"], ["rollout", "pause", "x"],
      ["rollout", "start", "--latest"], ["rollout", "status", "x", "--watch"], ["rollout", "things", "x", "--json"],
    ]
    for command in commands {
      let result = try await Program.run(Program.firmament, command, in: folder.path, environment: environment)
      expectOneLine(result, "127.0.0.1")
    }
    let tokenless = environment.filter { $0.key != "FIRMAMENT_TOKEN" }.merging(["FIRMAMENT_TOKEN": ""]) { $1 }
    let result = try await Program.run(Program.firmament, ["status"], in: folder.path, environment: tokenless)
    expectOneLine(result, "token")
  }

  @Test func wrongUsageIsToldApartFromFailure() async throws {
    try await withServer { server in
      let usages = [
        [], ["nonsense"], ["model"], ["model", "create"], ["model", "create", "m"], ["model", "create", "m", "--mcu"],
        ["code", "create", "m"], ["code", "create", "m", "--count", "x"], ["code", "create", "m", "--count", "0"],
        ["code", "create", "m", "--count", "1", "--csv", "--json"], ["thing", "show"], ["upload"], ["status", "--what"],
        ["audit", "list", "--limit", "0"], ["model", "create", "m", "--mcu", "u", "--confirm-within", "soon"],
        ["upload", "x", "--model", "m", "--mcu", "u", "--version", "1", "--key", "k", "--sequence", "0"],
        ["rollout"], ["rollout", "create", "--model", "m"], ["rollout", "pause"], ["rollout", "pause", "x", "--latest"],
      ]
      for usage in usages {
        let result = try await server.command(usage)
        // A noun alone prints its help, which is what was wanted.
        #expect(
          result.status == (usage.count < 2 && usage != ["nonsense"] && usage != ["upload"] ? 0 : 64), "\(usage): \(result)")
      }
      let failures: [(arguments: [String], says: String)] = [
        (["model", "show", "nobody"], "nobody"), (["firmware", "show", "none"], "none"), (["thing", "show", "none"], "thing"),
        (["code", "create", "nobody", "--count", "1"], "nobody"), (["status", "--model", "nobody"], "nobody"),
        (["model", "trust", "nobody", "/dev/null"], "no"), (["thing", "import", "/nowhere.csv"], "/nowhere.csv"),
        (["thing", "retire", "none"], "thing"), (["firmware", "publish", "none"], "none"),
      ]
      for (arguments, says) in failures { expectOneLine(try await server.command(arguments), says) }
      let stranger = try await Program.run(
        Program.firmament, ["status"], environment: ["FIRMAMENT_URL": server.url, "FIRMAMENT_TOKEN": "wrong"])
      expectOneLine(stranger, "token")
    }
  }

  @Test func everyListIsOneJSONDocument() async throws {
    try await withServer { server in
      let lists: [(arguments: [String], name: String, members: Set<String>)] = [
        (["model", "list"], "models", ["name", "mcus", "numericVersions", "confirmWithin", "createdAt"]),
        (["model", "keys", "m"], "keys", ["id", "algorithm", "pem", "addedAt"]),
        (
          ["firmware", "list"], "firmwares",
          [
            "id", "model", "mcu", "version", "sequence", "size", "sha256", "createdAt", "registeredAt", "publishedAt", "keyId",
            "format", "formatDetails",
          ]
        ),
        (["code", "list"], "codes", ["code", "model", "createdAt", "usedAt", "thing"]),
        (["thing", "list"], "things", ["id", "model", "createdAt", "activatedAt"]),
        (["audit", "list"], "entries", ["at", "actor", "action", "subject", "details"]),
        (["status"], "firmwares", ["id", "model", "mcu", "version", "published", "running", "counts"]),
      ]
      func list(_ arguments: [String]) async throws -> JSONValue {
        let result = try await server.command(arguments + ["--json"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty)
        return try JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
      }
      for (arguments, name, _) in lists where arguments != ["model", "keys", "m"] {
        #expect(try await list(arguments)[name] == .array([]), "\(arguments)")
      }
      let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
      try await desk.release(imageBytes(100, seed: 81), mcu: "u", version: "1", sequence: 1)
      _ = try await desk.activateThings(1)
      for (arguments, name, members) in lists {
        let document = try await list(arguments)
        let wanted: Set<String> = arguments == ["status"] ? [name, "models", "at"] : [name, "next"]
        #expect(document.names == wanted, "\(arguments): \(document)")
        if arguments != ["status"] { #expect(document["next"] == .null, "\(arguments)") }
        let entries = try #require(document[name]?.elements)
        #expect(!entries.isEmpty, "\(arguments)")
        for entry in entries { #expect(entry.names?.isSuperset(of: members) == true, "\(arguments): \(entry)") }
        let people = try await server.command(arguments)
        #expect(people.status == 0 && !people.output.isEmpty, "\(arguments)")
      }
      let states = [
        "offered", "downloading", "downloaded", "installing", "installed", "confirmed", "claimed", "failed", "rejected",
        "rolledBack",
      ]
      let counts = try await list(["status"])["firmwares"]?.elements?.first?["counts"]
      #expect(counts?.names == Set(states))
      let csv = try await server.command("code", "list", "--csv")
      #expect(csv.output.hasPrefix("code,"))
      #expect(csv.output.split(whereSeparator: \.isNewline).count == 2)
    }
  }

  @Test func listsComeInPagesThatMissNothing() async throws {
    try await withServer { server in
      let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
      for number in 1...6 {
        let body = "{\"name\":\"n\(number)\",\"mcus\":[\"u\"]}"
        #expect(try await server.operate("POST", "/api/v1/models", json: body).status == 201)
        try await desk.release(imageBytes(100, seed: UInt64(number)), mcu: "u", version: "\(number)", sequence: Int64(number))
      }
      _ = try await desk.activateThings(7)
      let lists = [
        ("models", "models", "name", 7), ("firmwares", "firmwares", "id", 6), ("codes", "codes", "code", 7),
        ("things", "things", "id", 7), ("audit", "entries", "action", 15),
      ]
      for (path, name, key, count) in lists {
        let whole = try await server.operate("GET", "/api/v1/\(path)?limit=1000")
        let all = try #require(whole.json?[name]?.elements)
        #expect(all.count >= count, "\(path)")
        if key != "action" {
          #expect(Set(all.compactMap { $0[key]?.text }).count == all.count && all.count == count, "\(path)")
        }
        #expect(whole.json?["next"] == .null)
        for limit in [1, 2, 3, all.count, all.count + 1] {
          var found: [JSONValue] = []
          var query = "limit=\(limit)"
          for _ in 0...all.count {
            let page = try await server.operate("GET", "/api/v1/\(path)?\(query)")
            let entries = try #require(page.json?[name]?.elements)
            #expect(entries.count <= limit && !entries.isEmpty, "\(path)?\(query)")
            found += entries
            guard let next = page.json?["next"]?.text else { break }
            query = "limit=\(limit)&after=\(next)"
          }
          #expect(found == all, "\(path) in pages of \(limit)")
        }
        // The command line follows the pages by itself.
        let small = try await server.operate("GET", "/api/v1/\(path)?limit=0")
        #expect(small.json?[name]?.elements?.count == 1, "\(path)")
      }
      let codes = try await server.operate("POST", "/api/v1/codes", json: "{\"model\":\"m\",\"count\":1200}")
      #expect(codes.status == 201)
      let listed = try await server.command("code", "list", "--unused", "--json")
      let document = try JSONDecoder().decode(JSONValue.self, from: Data(listed.output.utf8))
      #expect(document["codes"]?.elements?.count == 1200)
      #expect(try await server.operate("GET", "/api/v1/codes?limit=5000").json?["codes"]?.elements?.count == 1000)
    }
  }
}
