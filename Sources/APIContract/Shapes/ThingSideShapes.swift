public import Domain

/// The body of an activation.
public struct ActivationRequest: Codable, Sendable {
  public let activationCode: String
  /// Sent by later clients; not needed.
  public let productId: String?

  public init(activationCode: String, productId: String? = nil) {
    self.activationCode = activationCode
    self.productId = productId
  }
}

/// An answer.
public struct ActivationShape: Codable, Sendable {
  public let status: String
  public let message: String
  public let thingToken: String

  public init(status: String, message: String, thingToken: String) {
    self.status = status
    self.message = message
    self.thingToken = thingToken
  }
}

/// The body of a write.
public struct ResourceWrite: Codable, Sendable {
  public let values: [ResourceWriteValue]

  public init(values: [ResourceWriteValue]) {
    self.values = values
  }
}

/// One value of a write.
public struct ResourceWriteValue: Codable, Sendable {
  public let key: String
  public let value: JSONValue
  /// A text or a number (wire page, section 2 "Time input"); now where it is missing.
  public let datetime: JSONValue?
  /// `{"lat": 41.4, "long": 2.2}`.
  public let geo: JSONValue?

  public init(key: String, value: JSONValue, datetime: JSONValue? = nil, geo: JSONValue? = nil) {
    self.key = key
    self.value = value
    self.datetime = datetime
    self.geo = geo
  }
}

/// An answer.
public struct CreatedShape: Codable, Sendable {
  public let status: String
  public let message: String

  public init(status: String, message: String) {
    self.status = status
    self.message = message
  }
}

/// One value of a resource.
public struct ResourceValueShape: Codable, Sendable {
  public let key: String
  public let value: JSONValue
  public let datetime: Timestamp
  /// `{"lat": 41.4, "long": 2.2}`, where it was written with one.
  public let geo: JSONValue?

  public init(key: String, value: JSONValue, datetime: Timestamp, geo: JSONValue? = nil) {
    self.key = key
    self.value = value
    self.datetime = datetime
    self.geo = geo
  }
}

/// An answer.
public struct LatestFirmwares: Codable, Sendable {
  public let status: String
  public let firmwares: [LatestFirmware]
  /// Seconds after which the thing should ask again.
  public let retryAfter: Int64?
  /// Why, where that was asked.
  public let explanation: ExplanationShape?

  public init(
    status: String, firmwares: [LatestFirmware], retryAfter: Int64? = nil, explanation: ExplanationShape? = nil
  ) {
    self.status = status
    self.firmwares = firmwares
    self.retryAfter = retryAfter
    self.explanation = explanation
  }
}

/// What one MCU of a thing may have now (`update`), else what it runs already.
public struct LatestFirmware: Codable, Sendable {
  public let _id: String
  public let version: String
  public let mcu: String
  public let sequence: Int64
  public let size: Int64
  public let sha256: ImageDigest
  /// A path on the same host.
  public let url: String
  public let update: Bool
  /// Whether it is to be fetched and not installed yet; absent where it may be.
  public let downloadOnly: Bool?

  public init(
    _id: String, version: String, mcu: String, sequence: Int64, size: Int64, sha256: ImageDigest, url: String, update: Bool,
    downloadOnly: Bool? = nil
  ) {
    self._id = _id
    self.version = version
    self.mcu = mcu
    self.sequence = sequence
    self.size = size
    self.sha256 = sha256
    self.url = url
    self.update = update
    self.downloadOnly = downloadOnly
  }
}
