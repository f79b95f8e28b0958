import Foundation
import TestSupport
import Testing

/// `firmament sign`: a manifest is made where there is no server, and does what one of `firmament upload` does.
struct SignCommandTests {
  private static let options = ["--model", Workshop.model, "--mcu", Workshop.mcu, "--version", "1.0.0"]

  @Test func `signs without a server what curl can then upload and register`() async throws {
    let folder = try TemporaryFolder()
    let image = try await SeededImage(5000, seed: 7, in: folder)
    let workshop = try await Workshop.openWithModel()
    let arguments = ["sign", image.path] + Self.options + ["--key", workshop.key]
    // Without FIRMAMENT_URL and far from the store.
    let signed = try await Program.run(Program.firmament, arguments, in: folder.path)
    #expect(signed.status == 0, "\(signed.errors)")
    #expect(signed.output.contains("manifest.json vouches for"))
    #expect(signed.output.hasSuffix("sha256:\(image.sha256).\n"))
    let again = try await Program.run(Program.firmament, arguments, in: folder.path)
    #expect(again.status == 1)
    #expect(again.errors.contains("exists already"))

    let (url, authorization) = (workshop.server.url, "Authorization: Bearer \(workshop.server.token)")
    let stored = try await Curl.ask(["-H", authorization, "-T", image.path, "\(url)/api/v1/images/sha256:\(image.sha256)"])
    #expect(stored.status == 201)
    let registered = try await Curl.ask([
      "-H", authorization, "-H", "Content-Type: application/json", "--data-binary", "@\(image.path).manifest.json",
      "\(url)/api/v1/firmwares",
    ])
    #expect(registered.status == 201)
    let listed = try await workshop.command("firmware", "list")
    #expect(listed.contains("1.0.0"))
    #expect(await workshop.server.terminate() == 0)
  }

  @Test(arguments: ["0", "-1", "x"]) func `a sequence that is none is wrong usage`(sequence: String) async throws {
    let arguments = ["sign", "x.bin", "--key", "k.pem", "--sequence=\(sequence)"] + Self.options
    #expect(try await Program.run(Program.firmament, arguments).status == 64)
  }
}
