public import Domain

/// A stored image.
public struct ImageShape: Codable, Sendable {
  /// `sha256:` and 64 hexadecimal digits.
  public let digest: String
  /// Bytes.
  public let size: Int64

  public init(digest: String, size: Int64) {
    self.digest = digest
    self.size = size
  }
}

/// A DSSE envelope (secure-systems-lab/dsse, version 1) with a firmware manifest in it.
public struct EnvelopeShape: Codable, Sendable {
  /// `application/vnd.firmament.manifest+json`.
  public let payloadType: String
  /// Base64 of the signed bytes.
  public let payload: String
  public let signatures: [EnvelopeSignature]

  public init(payloadType: String, payload: String, signatures: [EnvelopeSignature]) {
    self.payloadType = payloadType
    self.payload = payload
    self.signatures = signatures
  }
}

/// An answer.
public struct EnvelopeSignature: Codable, Sendable {
  public let keyid: String
  /// Base64.
  public let sig: String

  public init(keyid: String, sig: String) {
    self.keyid = keyid
    self.sig = sig
  }
}

/// A registered firmware.
public struct FirmwareShape: Codable, Sendable {
  public let id: String
  public let model: String
  public let mcu: String
  public let version: String
  public let sequence: Int64
  /// Bytes.
  public let size: Int64
  public let sha256: ImageDigest
  /// When the engineer signed it.
  public let createdAt: Timestamp
  public let registeredAt: Timestamp
  /// Absent while it is not offered.
  public let publishedAt: Timestamp?
  public let keyId: String
  /// What the image is: `raw`, `esp-idf`, `mcuboot`, …
  public let format: String
  /// What the image says about itself.
  public let formatDetails: [String: String]
  /// RSQL: what must be true of a thing that is to get it.
  public let requires: String?

  public init(
    id: String, model: String, mcu: String, version: String, sequence: Int64, size: Int64, sha256: ImageDigest,
    createdAt: Timestamp, registeredAt: Timestamp, publishedAt: Timestamp? = nil, keyId: String, format: String,
    formatDetails: [String: String], requires: String? = nil
  ) {
    self.id = id
    self.model = model
    self.mcu = mcu
    self.version = version
    self.sequence = sequence
    self.size = size
    self.sha256 = sha256
    self.createdAt = createdAt
    self.registeredAt = registeredAt
    self.publishedAt = publishedAt
    self.keyId = keyId
    self.format = format
    self.formatDetails = formatDetails
    self.requires = requires
  }
}

/// A page of a list.
public struct FirmwareList: Codable, Sendable {
  public let firmwares: [FirmwareShape]
  public let next: PageCursor

  public init(firmwares: [FirmwareShape], next: PageCursor) {
    self.firmwares = firmwares
    self.next = next
  }
}
