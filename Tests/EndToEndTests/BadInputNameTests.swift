import APIContract
import Domain
import Foundation
import TestSupport
import Testing

/// Names as people print them on chips, through the command line, URLs and polls of the real program.
@Suite(.serialized) struct BadInputNameTests {
  private static let names = [
    "i.MX 8M Mini", "a/b", "ü", "%", "%2F", "a+b", "a&b=c", "a?b#c", "\"quoted\"", "back\\slash", "x;y", "-n", "...", "日本",
    String(repeating: "x", count: 64), "~!@$^*()[]{}|'`<>,", "a  b", "e\u{301}",
  ]

  @Test func oddNamesTravelThroughCommandLineURLsAndPolls() async throws {
    try await withServer { server in
      let folder = try TemporaryFolder()
      let key = folder.path + "/engineer.pem"
      #expect(try await server.command("key", "generate", key).status == 0)
      for (number, name) in Self.names.enumerated() {
        let image = try folder.write(Data("image \(number)".utf8), to: "image.bin")
        // A name that begins with a dash is an argument only behind `--`, and an option's value only behind `=`.
        let created = try await server.command("model", "create", "--mcu=\(name)", "--json", "--", name)
        #expect(created.status == 0, "\(name): \(created.errors)")
        #expect(try json(created)["name"]?.text == name)
        let shown = try await server.command("model", "show", "--json", "--", name)
        #expect(try json(shown)["mcus"]?.elements?.first?["name"]?.text == name, "\(name)")
        #expect(try await server.command("model", "trust", "--", name, folder.path + "/engineer.pub.pem").status == 0)
        let upload = try await server.command(
          "upload", image, "--model=\(name)", "--mcu=\(name)", "--version=\(name)", "--key", key, "--publish", "--json")
        #expect(upload.status == 0, "\(name): \(upload.errors)")
        let code = try json(try await server.command("code", "create", "--count", "1", "--json", "--", name))
        let text = try #require(code["codes"]?.elements?.first?["code"]?.text)
        let activated = try await server.exchange("POST", "/v2/things", "{\"activationCode\":\"\(text)\"}")
        let token = try #require(activated.json?["thingToken"]?.text)
        let encoded = Endpoint.encode(name)
        let offer = try await server.exchange("GET", "/v2/things/\(token)/firmwares/latest?mcu=\(encoded)&version=old")
        let entry = try #require(offer.json?["firmwares"]?.elements?.first, "\(name): \(offer.text)")
        #expect(entry["mcu"]?.text == name)
        #expect(entry["version"]?.text == name)
        #expect(entry["update"] == .bool(true))
        let url = try #require(entry["url"]?.text)
        let download = try await server.exchange("GET", url)
        #expect(download.text == "image \(number)")
        let disposition = download["content-disposition"] ?? ""
        #expect(disposition.utf8.allSatisfy { (32..<127).contains($0) } && disposition.contains(".bin"), "\(disposition)")
        let runs = try await server.exchange(
          "GET", "/v2/things/\(token)/firmwares/latest?mcu=\(encoded)&version=\(encoded)")
        #expect(runs.json?["firmwares"]?.elements?.first?["update"] == .bool(false), "\(name): \(runs.text)")
        let status = try await server.operate("GET", "/api/v1/status?model=\(encoded)")
        #expect(status.json?["firmwares"]?.elements?.first?["running"] == .integer(1), "\(name): \(status.text)")
      }
      let listed = try json(try await server.command("model", "list", "--json"))["models"]?.elements
      #expect(Set(listed?.compactMap { $0["name"]?.text } ?? []) == Set(Self.names))
    }
  }

  @Test func namesThatCannotBePrintedAreRefused() async throws {
    try await withServer { server in
      let wrong = [
        "", " ", " a", "a ", ".", "..", String(repeating: "x", count: 65), "a\u{0}b", "a\nb", "a\tb", "a\u{7f}", "\u{1b}[31m",
        "a\u{202e}b", "a\u{200b}b", "a\u{2028}b", "a\u{a0}b", "\u{feff}", "\u{e000}", String(repeating: "e\u{301}", count: 40),
      ]
      for name in wrong {
        let quoted = String(decoding: try JSONEncoder().encode(name), as: UTF8.self)
        let model = try await server.operate("POST", "/api/v1/models", json: "{\"name\":\(quoted),\"mcus\":[\"u\"]}")
        expectProblem(model, 400, "malformed", quoted)
        let mcu = try await server.operate("POST", "/api/v1/models", json: "{\"name\":\"m\",\"mcus\":[\(quoted)]}")
        expectProblem(mcu, 400, "malformed", quoted)
        guard !name.unicodeScalars.contains("\0") else { continue }
        let command = try await server.command("model", "create", "--mcu", "u", "--", name)
        #expect(command.status == 1, "\(quoted): \(command.errors)")
        #expect(command.errors.split(separator: "\n").count == 1, "\(quoted): \(command.errors)")
        #expect(!command.errors.unicodeScalars.contains("\u{1b}"))
      }
      for mcus in ["[]", "[\"u\",\"u\"]", "[\(Array(repeating: "\"u\"", count: 17).joined(separator: ","))]"] {
        let answer = try await server.operate("POST", "/api/v1/models", json: "{\"name\":\"m\",\"mcus\":\(mcus)}")
        expectProblem(answer, 400, "malformed", mcus)
      }
      #expect(try await server.operate("GET", "/api/v1/models").json?["models"] == .array([]))
    }
  }

  private func json(_ result: ProgramResult) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
  }
}
