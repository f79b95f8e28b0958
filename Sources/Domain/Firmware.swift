/// An image under a version, for one MCU of one model, vouched for by a signed manifest.
public struct Firmware: Sendable, Hashable {
  /// The row's id. Devices of the DDI door know it as a software module's; to all others it is never told.
  public let id: Int64
  /// What devices and operators call it.
  public let publicID: String
  public let modelID: Int64
  public let model: String
  public let mcuID: Int64
  public let mcu: String
  public let version: FirmwareVersion
  /// Grows with every registration for the MCU.
  public let sequence: Int64
  public let digest: ImageDigest
  /// Nil where they were not made yet, or cannot be.
  public let otherDigests: OtherDigests?
  /// Bytes of the image.
  public let size: Int64
  /// The key that vouches for it.
  public let keyID: String
  /// What the image is, such as `esp-idf`, and what it says about itself.
  public let format: String
  public let formatDetails: [String: String]
  public let createdAt: Timestamp
  public let registeredAt: Timestamp
  /// Nil while it is not offered to all.
  public let publishedAt: Timestamp?
  /// What must be true of a thing that is to get it, as an RSQL expression: how a version is made one that nobody skips.
  public let requires: String?
  /// Whether a person has withdrawn it: then nobody is offered it, by whichever rollout.
  public let isWithdrawn: Bool

  public init(
    id: Int64, publicID: String, modelID: Int64, model: String, mcuID: Int64, mcu: String, version: FirmwareVersion,
    sequence: Int64, digest: ImageDigest, size: Int64, keyID: String, format: String, formatDetails: [String: String],
    createdAt: Timestamp, registeredAt: Timestamp, publishedAt: Timestamp?, requires: String? = nil, isWithdrawn: Bool = false,
    otherDigests: OtherDigests? = nil
  ) {
    self.id = id
    self.publicID = publicID
    self.modelID = modelID
    self.model = model
    self.mcuID = mcuID
    self.mcu = mcu
    self.version = version
    self.sequence = sequence
    self.digest = digest
    self.size = size
    self.keyID = keyID
    self.format = format
    self.formatDetails = formatDetails
    self.createdAt = createdAt
    self.registeredAt = registeredAt
    self.publishedAt = publishedAt
    self.requires = requires
    self.isWithdrawn = isWithdrawn
    self.otherDigests = otherDigests
  }
}
