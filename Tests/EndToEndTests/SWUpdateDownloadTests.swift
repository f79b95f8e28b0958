import Foundation
import TestSupport
import Testing

/// The real `swupdate` takes its package from the download URL of a thing, with nothing else between.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SWUpdateDownloadTests {
  private struct Offer {
    let workshop: Workshop
    let signer: SWUpdateSigner
    let package: SWUpdateBundle
    /// Of the download, without the server.
    let path: String
  }

  private func open(_ size: Int, seed: UInt64) async throws -> Offer {
    let workshop = try await Workshop.openWithModel()
    let signer = try await SWUpdateSigner(in: workshop.folder)
    let package = try await SWUpdateBundle(
      size, seed: seed, version: "2.0.0", target: "\(workshop.folder.path)/installed.bin", signedBy: signer, in: workshop.folder
    )
    let id = try await workshop.upload(package.path, model: Workshop.model, mcu: Workshop.mcu, version: "2.0.0")
    let thing = try await workshop.newThing(Workshop.model)
    return Offer(
      workshop: workshop, signer: signer, package: package,
      path: String(thing.downloadURL(id).dropFirst(workshop.server.url.count)))
  }

  @Test func aPackageIsInstalledFromTheDownloadURLOfAThing() async throws {
    try await SWUpdateClient.journey {
      let offer = try await open(3_000_000, seed: 21)
      let server = offer.workshop.server
      let client = try SWUpdateClient.install(from: server.url + offer.path, trusting: offer.signer)
      let result = try await client.result()
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(offer.package.isInstalled)
      try await expectSoundAndStop(server)
    }
  }

  @Test(arguments: [31, 32, 33] as [UInt64])
  func aPackageIsInstalledThoughTheConnectionIsCut(seed: UInt64) async throws {
    try await SWUpdateClient.journey {
      let offer = try await open(6_000_000, seed: seed)
      let proxy = try TappedProxy(to: offer.workshop.server.url)
      var random = SeededGenerator(seed: seed)
      // The head of the answer to HEAD comes first, and that of the GET.
      let places = (0..<2).map { _ in Int.random(in: 2000..<offer.package.size, using: &random) }.sorted()
      for place in places { proxy.cut(.toClient, at: place) }
      let client = try SWUpdateClient.install(from: proxy.url + offer.path, trusting: offer.signer, retries: 5)
      let result = try await client.result()
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(proxy.cuts == 2)
      #expect(offer.package.isInstalled, "cut at \(places)")
      // It went on where it was cut: nothing but heads came twice.
      let passed = proxy.passed(.toClient)
      #expect(passed < offer.package.size + 10_000, "\(passed) bytes for \(offer.package.size)")
      try await expectSoundAndStop(offer.workshop.server)
    }
  }

  @Test func aPackageForOtherHardwareOrOfAStrangerIsNotInstalled() async throws {
    try await SWUpdateClient.journey {
      let offer = try await open(100_000, seed: 41)
      let url = offer.workshop.server.url + offer.path
      let other = try await SWUpdateClient.install(from: url, trusting: offer.signer, hardware: "default:9.9").result()
      #expect(
        other.status != 0 && (other.output + other.errors).contains("SW not compatible with hardware"),
        "\((other.output + other.errors))")
      let stranger = try await SWUpdateSigner(in: offer.workshop.folder)
      let refused = try await SWUpdateClient.install(from: url, trusting: stranger).result()
      #expect(
        refused.status != 0 && (refused.output + refused.errors).contains("Image invalid or corrupted"),
        "\((refused.output + refused.errors))")
      #expect(!FileManager.default.fileExists(atPath: offer.package.target))
      try await expectSoundAndStop(offer.workshop.server)
    }
  }
}
