import Domain
import Foundation
import TestSupport
import Testing

/// An engineer and an operator at work: a server on a store of its own, a signing key, and the commands of the README.
struct Workshop: Sendable {
  struct CommandFailed: Error, CustomStringConvertible {
    let arguments: [String]
    let result: ProgramResult
    var description: String {
      "firmament \(arguments.joined(separator: " ")) ended with \(result.status): \(result.errors) \(result.output)"
    }
  }

  let folder: TemporaryFolder
  private(set) var server: RunningServer

  var key: String { folder.path + "/engineer.pem" }
  var publicKey: String { folder.path + "/engineer.pub.pem" }

  /// Starts a server on a new store, and makes a key.
  /// - Parameter authority: a file with the CA of a server that speaks TLS.
  static func open(
    keyType: String = "ed25519", serve arguments: [String] = [], environment: [String: String] = [:],
    authority: String? = nil
  ) async throws -> Workshop {
    let folder = try TemporaryFolder()
    let server = try await RunningServer.start(
      store: folder.path + "/store", arguments: arguments, environment: environment, authority: authority)
    let workshop = Workshop(folder: folder, server: server)
    try await workshop.command("key", "generate", workshop.key, "--type", keyType)
    return workshop
  }

  /// The model of most tests, and its MCU.
  static let model = "greatfet-one"
  static let mcu = "lpc4330"

  /// The same, with that model in it.
  static func openWithModel(environment: [String: String] = [:]) async throws -> Workshop {
    let workshop = try await open(environment: environment)
    try await workshop.createModel(model, mcu: mcu)
    return workshop
  }

  /// Runs a command that must succeed.
  /// - Returns: its standard output.
  @discardableResult func command(_ arguments: String...) async throws -> String { try await command(arguments) }

  /// The same with the arguments in an array.
  @discardableResult func command(_ arguments: [String]) async throws -> String {
    let result = try await server.command(arguments, in: folder.path)
    guard result.status == 0 else { throw CommandFailed(arguments: arguments, result: result) }
    return result.output
  }

  /// Runs a command that must succeed with `--json`.
  func json(_ arguments: String...) async throws -> JSONValue {
    try JSONValue.reading(try await command(arguments + ["--json"]))
  }

  /// Creates a model that trusts the key.
  func createModel(_ name: String, mcu: String) async throws {
    try await command("model", "create", name, "--mcu", mcu)
    try await command("model", "trust", name, publicKey)
  }

  /// Signs and uploads an image.
  /// - Returns: the id of the firmware.
  @discardableResult func upload(
    _ file: String, model: String, mcu: String, version: String, publish: Bool = true
  ) async throws -> String {
    let arguments = Self.uploading(file, model: model, mcu: mcu, version: version, key: key, publish: publish)
    let answer = try JSONValue.reading(try await command(arguments))
    return try #require(answer["id"]?.text)
  }

  /// The arguments of an upload.
  static func uploading(
    _ file: String, model: String, mcu: String, version: String, key: String, publish: Bool = true
  ) -> [String] {
    ["upload", file, "--model", model, "--mcu", mcu, "--version", version, "--key", key, "--json"]
      + (publish ? ["--publish"] : [])
  }

  func createCode(_ model: String) async throws -> String {
    try #require(try await json("code", "create", model, "--count", "1")["codes"]?[0]?["code"]?.text)
  }

  /// Activates a device with a code, as a device does.
  func activate(code: String) async throws -> RawAnswer {
    try await Curl.ask(["--data", "{\"activationCode\":\"\(code)\"}", "\(server.url)/v2/things"])
  }

  /// A new device of a model, activated.
  func newThing(_ model: String) async throws -> CurlThing {
    let answer = try await activate(code: try await createCode(model))
    return CurlThing(server: server.url, token: try #require(answer.json?["thingToken"]?.text))
  }

  /// The id of the only thing of a model.
  func onlyThing(of model: String) async throws -> String {
    let things = try await json("thing", "list", "--model", model)["things"]?.elements ?? []
    try #require(things.count == 1)
    return try #require(things[0]["id"]?.text)
  }

  /// How many things are in each state of a firmware now, without the zeros.
  func counts(_ model: String, _ version: String) async throws -> [String: Int] {
    let firmwares = try await json("status", "--model", model)["firmwares"]?.elements ?? []
    let firmware = try #require(firmwares.first { $0["version"]?.text == version })
    guard case .object(let counts)? = firmware["counts"] else { return [:] }
    return counts.compactMapValues { $0.wholeNumber.map { Int($0) } }.filter { $0.value != 0 }
  }

  /// Waits for the server to end, and starts it again on the same store and at the same address.
  mutating func restartEndedServer() async throws {
    await server.ended()
    server = try await server.restarted()
  }

  /// Kills the server as a power cut would, and starts it again on the same store and at the same address.
  mutating func killAndRestart() async throws {
    await server.killNow()
    server = try await server.restarted()
  }
}

extension JSONValue {
  /// - Throws: `RawConnection.Failure` with the text that is no JSON.
  static func reading(_ text: String) throws -> JSONValue {
    do { return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) } catch {
      throw RawConnection.Failure(description: "no JSON: \(text.prefix(2000))")
    }
  }

  /// The entry of an array; nil where this is no array or has no such entry.
  subscript(index: Int) -> JSONValue? { elements.flatMap { $0.indices.contains(index) ? $0[index] : nil } }

  /// True or false, nil for every other type.
  var flag: Bool? { if case .bool(let value) = self { value } else { nil } }
}
