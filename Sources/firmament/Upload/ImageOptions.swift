import ArgumentParser

/// An image, and what is to be signed of it.
struct ImageOptions: ParsableArguments {
  @Argument(help: "The image.") var file: String
  @Option(help: "The model that it is for.") var model: String
  @Option(help: "The MCU that it is for.") var mcu: String
  @Option(help: "Its version, as you write it.") var version: String
  @Option(help: "The private key that signs it, such as engineer.pem.") var key: String
  @Option(help: "The sequence to sign: larger than that of every version before it. (default: made of the time)")
  var sequence: Int64?
  @Option(help: "RSQL: what must be true of a thing that is to get it, such as 'mcu.main.version>=2.0.0'.")
  var requires: String?

  func validate() throws {
    if let sequence, sequence < 1 { throw ValidationError("--sequence is a whole number from 1 on.") }
  }

  /// - Throws: `CommandFailure` for a key that cannot be read.
  func signing() throws -> ManifestSigning {
    ManifestSigning(model: model, mcu: mcu, version: version, key: try KeyFile.privateKey(key), requires: requires)
  }
}
