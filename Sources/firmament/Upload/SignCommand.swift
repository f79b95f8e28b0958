import APIContract
import ArgumentParser
import Domain

/// Signs the manifest of an image into a file, without a server: for machines that have none, and for uploads in the browser.
struct SignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a firmware image here, and write its manifest into a file.",
    discussion: "Nothing is sent. The image and the file are uploaded together on the page Firmwares of the server.")

  @Argument(help: "The image.") var file: String
  @Option(help: "The model that it is for.") var model: String
  @Option(help: "The MCU that it is for.") var mcu: String
  @Option(help: "Its version, as you write it.") var version: String
  @Option(help: "The private key that signs it, such as engineer.pem.") var key: String
  @Option(help: "Where the manifest goes, which must not exist. (default: the image's name and .manifest.json)")
  var manifest: String?
  @Option(help: "The sequence to sign: larger than that of every version before it. (default: the Unix time)")
  var sequence: Int64?
  @Option(help: "RSQL: what must be true of a thing that is to get it, such as 'mcu.main.version>=2.0.0'.")
  var requires: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let sequence, sequence < 1 { throw ValidationError("--sequence is a whole number from 1 on.") }
  }

  func run() async throws {
    let signing = ManifestSigning(
      model: model, mcu: mcu, version: version, key: try KeyFile.privateKey(key), requires: requires)
    _ = try signing.checkedVersion
    let image = try ImageFile(reading: file)
    let envelope = try signing.sign(image, sequence: sequence ?? ManifestSigning.usualSequence)
    let path = manifest ?? file + ".manifest.json"
    try NewFile.create(path, mode: 0o644, text: try OutputRendering.json(envelope) + "\n")
    try OutputRendering(json: output.json).write(
      envelope,
      line: PlainText.oneLine("\(path) vouches for \(image.name) as \(model) \(mcu) \(version), \(image.digest)."))
  }
}
