import APIClient
import APIContract
import ArgumentParser

/// Signs and uploads one firmware image.
struct UploadCommand: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "upload", abstract: "Sign a firmware image here, upload it, and register it.",
    discussion: "The key never leaves this machine. A cut upload continues where it stopped when the command is run again.")

  @Argument(help: "The image.") var file: String
  @Option(help: "The model that it is for.") var model: String
  @Option(help: "The MCU that it is for.") var mcu: String
  @Option(help: "Its version, as you write it.") var version: String
  @Option(help: "The private key that signs it, such as engineer.pem.") var key: String
  @Flag(help: "Offer it to the model's things.") var publish = false
  @Option(help: "The sequence to sign; else a larger one than the newest.") var sequence: Int64?
  @Option(help: "RSQL: what must be true of a thing that is to get it, such as 'mcu.main.version>=2.0.0'.")
  var requires: String?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let sequence, sequence < 1 { throw ValidationError("--sequence is a whole number from 1 on.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let key = try KeyFile.privateKey(self.key)
    let image = try ImageFile(reading: file)
    let signing = ManifestSigning(model: model, mcu: mcu, version: version, key: key, requires: requires)
    let upload = SignedUpload(client: client, signing: signing, sequence: sequence)
    try await upload.check()
    try await upload.send(image)
    let firmware = try await upload.register(image, publish: publish)
    let state = firmware.publishedAt == nil ? "registered; firmament firmware publish \(firmware.id) offers it" : "published"
    try output.write(
      firmware,
      line: PlainText.oneLine("Firmware \(firmware.id): \(firmware.model) \(firmware.mcu) \(firmware.version) is \(state)."))
  }
}
