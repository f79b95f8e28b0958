import APIContract
import Domain
import Foundation
import TestSupport
import Testing

/// A service on a simulated clock with a model, a published version that things run, and a newer one that is not published.
struct RolloutTrial: Sendable {
  static let model = "lamp"
  static let mcu = "main"
  static let scale = "600"
  /// Bytes of each image.
  static let size = 150_000

  var workshop: Workshop
  /// The id of version 2.0.0.
  let firmware: String
  /// Of its image.
  let sha256: String

  static func open() async throws -> RolloutTrial {
    let workshop = try await Workshop.open(serve: ["--simulation", "--time-scale", scale])
    try await workshop.createModel(model, mcu: mcu)
    let old = try await SeededImage(size, seed: 1, in: workshop.folder)
    try await workshop.upload(old.path, model: model, mcu: mcu, version: "1.0.0")
    let new = try await SeededImage(size, seed: 2, in: workshop.folder)
    let firmware = try await workshop.upload(new.path, model: model, mcu: mcu, version: "2.0.0", publish: false)
    return RolloutTrial(workshop: workshop, firmware: firmware, sha256: new.sha256)
  }

  /// - Returns: the id of a further firmware that is not published.
  func upload(_ version: String, seed: UInt64) async throws -> String {
    let image = try await SeededImage(Self.size, seed: seed, in: workshop.folder)
    return try await workshop.upload(image.path, model: Self.model, mcu: Self.mcu, version: version, publish: false)
  }

  /// - Returns: the id of a rollout that waits for its start.
  func create(_ arguments: [String], firmware other: String? = nil) async throws -> String {
    let made = try await workshop.command(
      ["rollout", "create", "--model", Self.model, "--firmware", other ?? firmware, "--json"] + arguments)
    return try #require(try JSONValue.reading(made)["id"]?.text)
  }

  func status(_ id: String) async throws -> RolloutShape {
    let text = try await workshop.command("rollout", "status", id, "--json")
    return try JSONDecoder().decode(RolloutShape.self, from: Data(text.utf8))
  }

  /// Plays a fleet to its end.
  /// - Returns: the summary.
  func simulate(_ arguments: String...) async throws -> JSONValue {
    let result = await (try start(arguments)).result()
    try #require(result.status == 0, "\(result.errors)")
    return try JSONValue.reading(result.output)
  }

  /// Lets a fleet play beside the test.
  func start(_ arguments: String...) throws -> StartedProgram { try start(arguments) }

  /// The same with the arguments in an array.
  func start(_ arguments: [String]) throws -> StartedProgram {
    try StartedProgram(
      Program.firmament,
      ["fleet", "simulate", "--model", Self.model, "--time-scale", Self.scale, "--json"] + arguments,
      environment: ["FIRMAMENT_URL": workshop.server.url, "FIRMAMENT_TOKEN": workshop.server.token])
  }
}

extension CurlThing {
  /// Writes a resource; the value is JSON.
  func write(_ key: String, _ value: String) async throws -> RawAnswer {
    try await Curl.ask(["--data", "{\"values\":[{\"key\":\"\(key)\",\"value\":\(value)}]}", base])
  }
}
