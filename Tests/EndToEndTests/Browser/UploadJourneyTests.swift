import Domain
import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// Firmware that was signed elsewhere is uploaded in the browser.
  @Suite(.serialized) struct UploadJourney {
    private static let model = "lamp"

    /// Signs an image as an engineer does on their own machine.
    /// - Returns: the path of the manifest.
    private func sign(_ image: String, _ version: String, key: String, in folder: TemporaryFolder) async throws -> String {
      let manifest = "\(image).\(version).json"
      let signed = try await Program.run(
        Program.firmament,
        ["sign", image, "--model", Self.model, "--mcu", "esp32s3", "--version", version, "--key", key, "--manifest", manifest],
        in: folder.path)
      try #require(signed.status == 0, "\(signed.errors)")
      return manifest
    }

    @Test func `an image and its manifest are checked, uploaded and registered`() async throws {
      let workshop = try await Workshop.open()
      try await workshop.createModel(Self.model, mcu: "esp32s3")
      let folder = workshop.folder
      let image = try folder.write(Data(ESPSample.image(chip: 9, size: 2_000_000)), to: "lamp.bin")
      let other = try folder.write(Data(ESPSample.image(chip: 9, size: 1000)), to: "other.bin")
      let manifest = try await sign(image, "1.0.0", key: workshop.key, in: folder)
      let visitor = try await OperatorBrowser.open(workshop.server.url)
      let browser = visitor.browser
      try await visitor.signIn(workshop.server.token)
      try await visitor.open(.upload)
      try await visitor.expectClean()

      try await browser.field("Image").choose(file: other)
      try await browser.field("Signed manifest").choose(file: manifest)
      try await visitor.reads("the manifest means one of")
      let alike = try folder.write(Data(ESPSample.image(chip: 5, size: 2_000_000)), to: "alike.bin")
      try await browser.field("Image").choose(file: alike)
      try await visitor.reads("The image is another one: its digest is not that of the manifest.")
      let upload = try await browser.element(role: "button", name: "Upload")
      let isOff = try await upload.property("disabled")
      #expect(isOff == .bool(true))
      let sent = try await browser.takeRecords().requests
      #expect(!sent.contains { $0.contains("/api/v1/images") }, "\(sent)")

      try await browser.field("Image").choose(file: image)
      try await visitor.reads("The image has the digest that the manifest says.")
      try await slowly(visitor, bytesPerSecond: 500_000)
      try await browser.click("button", "Upload")
      try await browser.wait(
        for: "the upload gets on", within: 60,
        until: "const bar = document.querySelector('progress'); return bar && bar.value > 0 && bar.value < bar.max")
      try await slowly(visitor, bytesPerSecond: -1)
      try await visitor.reads("\(Self.model) esp32s3 1.0.0 is registered", within: 120)
      try await visitor.expectClean(refused: [try asking(for: image)])
      try await browser.click("link", "To the firmware")
      _ = try await browser.element(role: "heading", name: "\(Self.model) esp32s3 1.0.0")
      try await visitor.shown()
      for text in ["esp32s3", "Ed25519", "trusted", try SeededImage.sha256(ofFile: image)] { try await visitor.reads(text) }
      try await visitor.expectClean()
      try await expectRefusals(visitor, workshop, other)
      try await expectSoundAndStop(workshop.server)
    }

    /// A key that is not trusted is told before anything is sent, and one that is not trusted any more by the service.
    private func expectRefusals(_ visitor: OperatorBrowser, _ workshop: Workshop, _ image: String) async throws {
      let browser = visitor.browser
      let key = workshop.folder.path + "/stranger.pem"
      try await workshop.command("key", "generate", key)
      let manifest = try await sign(image, "1.1.0", key: key, in: workshop.folder)
      try await visitor.open(.upload)
      try await browser.field("Image").choose(file: image)
      try await browser.field("Signed manifest").choose(file: manifest)
      try await visitor.reads("not trusted")
      let isOff = try await browser.element(role: "button", name: "Upload").property("disabled")
      #expect(isOff == .bool(true))
      let trusted = try await workshop.json("model", "trust", Self.model, workshop.folder.path + "/stranger.pub.pem")
      try await browser.field("Signed manifest").choose(file: try await sign(image, "1.2.0", key: key, in: workshop.folder))
      try await visitor.reads("The image has the digest that the manifest says.")
      try await workshop.command("model", "revoke", Self.model, try #require(trusted["id"]?.text))
      try await browser.click("button", "Upload")
      try await visitor.alert(reads: "key")
      try await visitor.expectClean(refused: ["/api/v1/firmwares", try asking(for: image)])
      let versions = try await workshop.command("firmware", "list")
      #expect(versions.contains("1.0.0") && !versions.contains("1.2.0"))
    }

    /// Where an image is asked for that is not there yet.
    private func asking(for image: String) throws -> String {
      "/api/v1/images/sha256:\(try SeededImage.sha256(ofFile: image))"
    }

    /// Sends no faster; -1 as fast as it goes.
    private func slowly(_ visitor: OperatorBrowser, bytesPerSecond: Int64) async throws {
      try await visitor.browser.devTools(
        "Network.emulateNetworkConditions",
        [
          "offline": .bool(false), "latency": .integer(0), "downloadThroughput": .integer(-1),
          "uploadThroughput": .integer(bytesPerSecond),
        ])
    }
  }
}
