import APIClient
import APIContract
import ArgumentParser
import Cryptography
import Foundation

/// Fills a service with a model, two firmware versions and simulated things that update before one's eyes. It may be run again
/// on the same store: then two further versions follow.
struct DemoCommand: ServerCommand {
  static let model = "demo-lamp"
  static let mcu = "esp32"
  /// Seconds for all things to come to one version.
  static let patience = 300

  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Show the whole journey with a few dozen simulated things.")

  @Option(help: "How many things.") var things = 36
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if !(1...1000).contains(things) { throw ValidationError("--things is 1 to 1000.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firmament-demo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }

    let key = try await prepare(client)
    let versions = try await nextVersions(client)
    try await publish(versions.first, key, folder, client)
    let codes = try await CodeCreate.create(things, of: Self.model, client).codes.map(\.code)
    tell("\(things) things activate, poll, and install \(versions.first).")
    var plan = FleetPlan(codes: codes)
    plan.rangeBytes = 16_384
    plan.pollInterval = 3
    plan.installTimes = 0.2...2
    plan.rebootTimes = 0.2...1
    let fleet = FleetSimulation(
      client: ThingClient(client.connection), plan: plan, timeScale: 1, end: .never, limit: Double(2 * Self.patience))
    try await fleet.watched {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await fleet.run() }
        try await wait(for: versions.first, fleet)
        try await publish(versions.second, key, folder, client)
        tell("While the things poll, \(versions.second) is published: they update, reboot, and confirm.")
        try await wait(for: versions.second, fleet)
        group.cancelAll()
        do { try await group.waitForAll() } catch is CancellationError {}
      }
    }
    let status = try await client.status(model: Self.model)
    try output.write(FleetStatus(status, try await client.fleet(model: Self.model)))
  }

  private func tell(_ text: String) { StandardStream.error.write(text + "\n") }

  /// The model, and a key that it trusts. The key is in memory only, and gone when the demonstration ends.
  private func prepare(_ client: OperatorClient) async throws -> PrivateKey {
    _ = try await client.createModel(NewModel(name: Self.model, mcus: [Self.mcu]))
    // Nobody watches for the five minutes in which things usually ask again.
    _ = try await client.setModel(ModelSettings(pollInterval: 1), model: Self.model)
    let key = try PrivateKey.generate(.ed25519)
    let trusted = try await client.trustKey(
      NewTrustedKey(pem: try key.publicKey.pem, name: "demonstration"), model: Self.model)
    tell("Model \(Self.model) with MCU \(Self.mcu) trusts a new key, \(trusted.id.prefix(16))….")
    return key
  }

  /// Two versions above all that are there: `1.0.0` and `1.1.0` on a new store.
  private func nextVersions(_ client: OperatorClient) async throws -> (first: String, second: String) {
    let list = try await client.every { try await client.firmwares(model: Self.model, mcu: Self.mcu, limit: $0, after: $1) }
    let minors = list.firmwares.compactMap { firmware -> Int? in
      let parts = firmware.version.split(separator: ".")
      return parts.count == 3 && parts[0] == "1" ? Int(parts[1]) : nil
    }
    let next = (minors.max() ?? -1) + 1
    return ("1.\(next).0", "1.\(next + 1).0")
  }

  private func publish(_ version: String, _ key: PrivateKey, _ folder: URL, _ client: OperatorClient) async throws {
    let file = folder.appendingPathComponent("lamp-\(version).bin")
    try DemoImage.bytes(for: version).write(to: file)
    let upload = SignedUpload(
      client: client, signing: ManifestSigning(model: Self.model, mcu: Self.mcu, version: version, key: key), sequence: nil)
    let image = try ImageFile(reading: file.path)
    try await upload.send(image)
    let firmware = try await upload.register(image, publish: true)
    tell("Version \(version) is signed, uploaded and published (sequence \(firmware.sequence)).")
  }

  private func wait(for version: String, _ fleet: FleetSimulation) async throws {
    for _ in 0..<(Self.patience * 5) {
      let figures = fleet.tally.now
      if figures.gaveUp > 0 { throw CommandFailure("a simulated thing gave up: \(figures.lastError ?? "")") }
      if figures.settled[version, default: 0] >= things { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw CommandFailure("not all things came to \(version) within \(Self.patience) s: look at firmament status")
  }
}
