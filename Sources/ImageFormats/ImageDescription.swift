/// What an image says about itself. Nothing in it is signed by being here: it is compared with the manifest, never believed
/// instead.
public struct ImageDescription: Sendable, Equatable {
  public let format: ImageFormat

  /// The firmware's version as the image states it: 1 to 64 printable characters, nil where the format or this image has none.
  public let version: String?

  /// Further facts by name, all short printable text: `chip`, `project`, `idfVersion`, `securityCounter`, `name`, …
  public let details: [String: String]

  public init(format: ImageFormat, version: String? = nil, details: [String: String] = [:]) {
    self.format = format
    self.version = version
    self.details = details
  }

  func adding(_ more: [String: String]) -> ImageDescription {
    ImageDescription(format: format, version: version, details: details.merging(more) { own, _ in own })
  }
}
