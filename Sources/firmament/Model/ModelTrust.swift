import APIClient
import APIContract
import ArgumentParser

/// Has a model take firmware signed by a key.
struct ModelTrust: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "Trust a public key for a model's firmware. Again is a success.")

  @Argument(help: "The model.") var model: String
  @Argument(help: "The public key, such as engineer.pub.pem.") var file: String
  @Option(help: "What people call the key; else the name of the file.") var name: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let pem = try KeyFile.text(file)
    guard !pem.contains("PRIVATE KEY") else {
      throw CommandFailure(
        "\(file) is a private key and was not sent: give its public half, \(KeyFile.publicPath(beside: file))")
    }
    let key = try await client.trustKey(NewTrustedKey(pem: pem, name: name ?? defaultName), model: model)
    try output.write(key, line: PlainText.oneLine("Model \(model) trusts key \(key.id)."))
  }

  private var defaultName: String? {
    var base = file.split(separator: "/").last ?? ""
    for ending in [".pem", ".pub"] where base.hasSuffix(ending) { base = base.dropLast(ending.count) }
    return base.isEmpty ? nil : String(base.prefix(64))
  }
}

/// Lists a model's keys.
struct ModelKeys: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "keys", abstract: "List a model's keys, revoked ones too.")

  @Argument(help: "The model.") var model: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.keys(model: model))
  }
}

/// Revokes one key of a model.
struct ModelRevoke: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Revoke a key: what it signed stays, nothing new is taken.")

  @Argument(help: "The model.") var model: String
  @Argument(help: "The key's id, as firmament model keys shows it.") var key: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let revoked = try await client.revokeKey(key, model: model)
    try output.write(revoked, line: PlainText.oneLine("Key \(revoked.id) is revoked for model \(model)."))
  }
}
