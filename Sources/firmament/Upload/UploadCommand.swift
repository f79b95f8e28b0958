import APIClient
import APIContract
import ArgumentParser

/// Signs and uploads one firmware image.
struct UploadCommand: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "upload", abstract: "Sign a firmware image here, upload it, and register it.",
    discussion: "The key never leaves this machine. A cut upload continues where it stopped when the command is run again.")

  @OptionGroup var image: ImageOptions
  @Flag(help: "Offer it to the model's things.") var publish = false
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let signing = try image.signing()
    let file = try ImageFile(reading: image.file)
    let upload = SignedUpload(client: client, signing: signing, sequence: image.sequence)
    try await upload.check()
    try await upload.send(file)
    let firmware = try await upload.register(file, publish: publish)
    let state = firmware.publishedAt == nil ? "registered; firmament firmware publish \(firmware.id) offers it" : "published"
    try output.write(
      firmware,
      line: PlainText.oneLine("Firmware \(firmware.id): \(firmware.model) \(firmware.mcu) \(firmware.version) is \(state)."))
  }
}
