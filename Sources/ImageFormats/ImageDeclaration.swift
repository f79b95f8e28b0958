public import Domain

/// What an engineer declares an image to be, as far as the image could say otherwise.
public struct ImageDeclaration: Sendable, Equatable {
  /// The name of the model.
  public let model: String
  /// The name of the model's microcontroller, as the manifest has it.
  public let microcontroller: String
  /// The manifest's version.
  public let version: FirmwareVersion
  /// The names of what it is not for: the model's other microcontrollers, and all other models.
  public let others: [String]

  public init(model: String, microcontroller: String, version: FirmwareVersion, others: [String]) {
    self.model = model
    self.microcontroller = microcontroller
    self.version = version
    self.others = others
  }
}
