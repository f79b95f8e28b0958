import ArgumentParser
import Cryptography

/// Shows which key a file holds.
struct KeyShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show the id of a private or public key.")

  @Argument(help: "A PEM file.") var file: String
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let pem = try KeyFile.text(file)
    let key: PublicKey
    do {
      key = try pem.contains("PRIVATE KEY") ? PrivateKey(pem: pem).publicKey : PublicKey(pem: pem)
    } catch {
      throw CommandFailure("\(file) is no key that Firmament knows: \(error)")
    }
    try OutputRendering(json: output.json).write(KeyFile(id: key.id, type: key.algorithm.rawValue, file: file))
  }
}
