import Domain
import Foundation
import TestSupport
import Testing

/// The real `swupdate` as a device that polls the DDI door: updates, failures, cuts, recalls.
@Suite(.serialized, .timeLimit(.minutes(15))) struct DDISWUpdateTests {
  /// A model whose things ask through the door, and what they are to install.
  private struct Door {
    var workshop: Workshop
    let signer: SWUpdateSigner
    let token: String

    static func open() async throws -> Door {
      let workshop = try await Workshop.openWithModel()
      // The shortest interval that the service has: the client keeps to it.
      try await workshop.command("model", "set", Workshop.model, "--poll-interval", "1s")
      let token = try #require(try await workshop.json("model", "gateway-token", Workshop.model)["token"]?.text)
      return Door(workshop: workshop, signer: try await SWUpdateSigner(in: workshop.folder), token: token)
    }

    func package(_ size: Int, seed: UInt64, version: String = "2.0.0", revisions: [String] = ["1.0"]) async throws
      -> SWUpdateBundle
    {
      try await SWUpdateBundle(
        size, seed: seed, version: version, target: "\(workshop.folder.path)/installed-\(seed).bin", revisions: revisions,
        signedBy: signer, in: workshop.folder)
    }

    @discardableResult func publish(_ package: SWUpdateBundle) async throws -> String {
      try await workshop.upload(package.path, model: Workshop.model, mcu: Workshop.mcu, version: package.version)
    }

    func device(_ id: String = "door-1", at url: String? = nil, running version: String = "1.0.0") -> SWUpdateClient.Device {
      SWUpdateClient.Device(
        url: url ?? workshop.server.url, id: id, token: .gateway(token),
        attributes: ["sw_version": version, "board": "default"])
    }

    /// Starts the device after its reboot, with the new version running, and waits until the service knows.
    func confirm(_ device: SWUpdateClient.Device, _ package: SWUpdateBundle) async throws {
      var rebooted = device
      rebooted.attributes["sw_version"] = package.version
      let client = try SWUpdateClient.poll(rebooted, trusting: signer, after: .success)
      try await eventually("\(package.version) is confirmed\n\(client.log.suffix(2000))") {
        try await workshop.counts(Workshop.model, package.version) == ["confirmed": 1]
      }
      let shown = try await workshop.json("thing", "show", try await workshop.onlyThing(of: Workshop.model))
      let running = try #require(shown["mcus"]?.elements?.first { $0["mcu"]?.text == Workshop.mcu })
      #expect(running["version"]?.text == package.version)
      #expect(running["firmware"]?["state"]?.text == "confirmed")
      // Nothing is offered any more: it polls on, and installs nothing.
      try FileManager.default.removeItem(atPath: package.target)
      try await client.tells("No pending action on server.")
      #expect(!FileManager.default.fileExists(atPath: package.target))
      await client.kill()
    }
  }

  @Test func anUpdateIsInstalledAndConfirmedAfterTheReboot() async throws {
    try await SWUpdateClient.journey {
      let door = try await Door.open()
      let package = try await door.package(3_000_000, seed: 51)
      try await door.publish(package)
      let client = try SWUpdateClient.poll(door.device(), trusting: door.signer)
      try await client.tells("executing post-update actions.")
      await client.kill()
      #expect(package.isInstalled)
      #expect(try await door.workshop.counts(Workshop.model, "2.0.0")["confirmed"] == nil)
      try await door.confirm(door.device(), package)
      try await expectSoundAndStop(door.workshop.server)
    }
  }

  @Test func aPackageThatTheDeviceRefusesIsAFailure() async throws {
    try await SWUpdateClient.journey {
      let door = try await Door.open()
      let package = try await door.package(300_000, seed: 52, revisions: ["9.9"])
      try await door.publish(package)
      let client = try SWUpdateClient.poll(door.device(), trusting: door.signer)
      try await eventually("the failure is known") {
        try await door.workshop.counts(Workshop.model, "2.0.0") == ["failed": 1]
      }
      #expect(!FileManager.default.fileExists(atPath: package.target))
      await client.kill()
      try await expectSoundAndStop(door.workshop.server)
    }
  }

  @Test func aFailureAfterTheRebootIsKnown() async throws {
    try await SWUpdateClient.journey {
      let door = try await Door.open()
      let package = try await door.package(300_000, seed: 53)
      try await door.publish(package)
      let client = try SWUpdateClient.poll(door.device(), trusting: door.signer)
      try await client.tells("executing post-update actions.")
      await client.kill()
      let fallenBack = try SWUpdateClient.poll(door.device(), trusting: door.signer, after: .failure)
      try await eventually("the failure is known") {
        try await door.workshop.counts(Workshop.model, "2.0.0") == ["failed": 1]
      }
      await fallenBack.kill()
      try await expectSoundAndStop(door.workshop.server)
    }
  }

  @Test func aDownloadGoesOnThoughItIsCutAtEachTenth() async throws {
    try await SWUpdateClient.journey {
      let door = try await Door.open()
      let package = try await door.package(4_000_000, seed: 54)
      try await door.publish(package)
      let proxy = try TappedProxy(to: door.workshop.server.url)
      for tenth in 1...9 { proxy.cut(.toClient, at: package.size / 10 * tenth) }
      let device = door.device(at: proxy.url)
      let client = try SWUpdateClient.poll(device, trusting: door.signer)
      try await client.tells("executing post-update actions.", within: 240)
      await client.kill()
      #expect(package.isInstalled)
      #expect(proxy.cuts == 9)
      // It went on where it was cut; polls and feedback are the rest.
      #expect(proxy.passed(.toClient) < package.size + package.size / 10)
      try await door.confirm(device, package)
      try await expectSoundAndStop(door.workshop.server)
    }
  }

  @Test func aCancelledRolloutIsRecalledFromADeviceThatDownloads() async throws {
    try await SWUpdateClient.journey {
      let door = try await Door.open()
      let package = try await door.package(20_000_000, seed: 55)
      try await door.workshop.upload(
        package.path, model: Workshop.model, mcu: Workshop.mcu, version: package.version, publish: false)
      let made = try await door.workshop.json(
        "rollout", "create", "--model", Workshop.model, "--version", package.version, "--start")
      let rollout = try #require(made["id"]?.text)
      var device = door.device()
      // 80 seconds and more, in which it polls on a second connection.
      device.longestSpeed = "250k"
      let client = try SWUpdateClient.poll(device, trusting: door.signer)
      try await eventually("the download begins") {
        try await door.workshop.counts(Workshop.model, package.version)["downloading"] == 1
      }
      try await door.workshop.command("rollout", "cancel", rollout)
      try await client.tells("Acknowledging cancelled update.")
      #expect(!client.log.contains("executing post-update actions."))
      #expect(!package.isInstalled)
      try await client.tells("No pending action on server.")
      #expect(try await door.workshop.counts(Workshop.model, package.version)["confirmed"] == nil)
      await client.kill()

      // The same device takes the next version.
      let next = try await door.package(300_000, seed: 56, version: "2.1.0")
      try await door.publish(next)
      let again = try SWUpdateClient.poll(door.device(), trusting: door.signer)
      try await again.tells("executing post-update actions.")
      await again.kill()
      #expect(next.isInstalled)
      try await door.confirm(door.device(), next)
      try await expectSoundAndStop(door.workshop.server)
    }
  }

  @Test func aServerThatIsKilledAndStartedInBetweenKeepsTheUpdate() async throws {
    try await SWUpdateClient.journey {
      var door = try await Door.open()
      let package = try await door.package(64_000_000, seed: 57)
      try await door.publish(package)
      var device = door.device()
      device.longestSpeed = "8M"
      device.retry = 60
      let client = try SWUpdateClient.poll(device, trusting: door.signer)
      try await eventually("the download begins") {
        try await door.workshop.counts(Workshop.model, package.version)["downloading"] == 1
      }
      try await door.workshop.killAndRestart()
      try await client.tells("executing post-update actions.", within: 240)
      await client.kill()
      #expect(package.isInstalled)
      // Between the installation and the reboot, too.
      try await door.workshop.killAndRestart()
      try await door.confirm(device, package)
      try await expectSoundAndStop(door.workshop.server)
    }
  }
}
