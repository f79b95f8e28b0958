import APIContract
import ArgumentParser
import Domain

/// Signs the manifest of an image into a file, without a server: for machines that have none, and for uploads in the browser.
struct SignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a firmware image here, and write its manifest into a file.",
    discussion: "Nothing is sent. The image and the file are uploaded together on the page Firmwares of the server.")

  @OptionGroup var image: ImageOptions
  @Option(help: "Where the manifest goes, which must not exist. (default: the image's name and .manifest.json)")
  var manifest: String?
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let signing = try image.signing()
    _ = try signing.checkedVersion
    let file = try ImageFile(reading: image.file)
    let envelope = try signing.sign(file, sequence: image.sequence ?? ManifestSigning.usualSequence)
    let path = manifest ?? image.file + ".manifest.json"
    try NewFile.create(path, mode: 0o644, text: try OutputRendering.json(envelope) + "\n")
    try OutputRendering(json: output.json).write(
      envelope,
      line: PlainText.oneLine(
        "\(path) vouches for \(file.name) as \(image.model) \(image.mcu) \(image.version), \(file.digest)."))
  }
}
