import ArgumentParser
import Cryptography
import Foundation

/// Makes a key pair in two new files.
struct KeyGenerate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Make a key pair: PKCS#8 PEM that only you can read, and the public half beside it.")

  @Argument(help: "File for the private key, such as engineer.pem. It must not exist.") var file: String
  @Option(help: "ed25519 or ecdsa-p256.", transform: Self.algorithm) var type = KeyAlgorithm.ed25519
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let publicFile = KeyFile.publicPath(beside: file)
    // Both are checked before either is made, so that no private key is left without its public half.
    for path in [file, publicFile] where FileManager.default.fileExists(atPath: path) {
      throw CommandFailure("\(path) exists already: choose another name, nothing was overwritten")
    }
    let key = try PrivateKey.generate(type)
    try NewFile.create(file, mode: 0o600, text: try key.pem())
    do {
      try NewFile.create(publicFile, mode: 0o644, text: try key.publicKey.pem)
    } catch {
      unlink(file)
      throw error
    }
    let made = KeyFile(id: try key.publicKey.id, type: type.rawValue, file: file, publicFile: publicFile)
    try OutputRendering(json: output.json).write(made)
  }

  private static func algorithm(_ name: String) throws -> KeyAlgorithm {
    guard let algorithm = KeyAlgorithm(rawValue: name) else {
      throw ValidationError("The type is one of: " + KeyAlgorithm.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return algorithm
  }
}
