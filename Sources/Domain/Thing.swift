/// A device in the field.
public struct Thing: Sendable, Hashable {
  /// The row's id; never leaves the service.
  public let id: Int64
  public let publicID: String
  public let modelID: Int64
  public let createdAt: Timestamp
  public var activatedAt: Timestamp?
  public var lastSeenAt: Timestamp?
  public var retiredAt: Timestamp?
  /// The name that it has given itself at the DDI door.
  public let controllerID: String?

  public init(
    id: Int64, publicID: String, modelID: Int64, createdAt: Timestamp, activatedAt: Timestamp?, lastSeenAt: Timestamp?,
    retiredAt: Timestamp?, controllerID: String? = nil
  ) {
    self.id = id
    self.publicID = publicID
    self.modelID = modelID
    self.createdAt = createdAt
    self.activatedAt = activatedAt
    self.lastSeenAt = lastSeenAt
    self.retiredAt = retiredAt
    self.controllerID = controllerID
  }
}

/// A single-use code that turns a device into a thing of a model.
public struct ActivationCode: Sendable, Hashable {
  public let id: Int64
  public let sealedCode: [UInt8]
  public let model: String
  public let createdAt: Timestamp
  public let usedAt: Timestamp?
  /// The thing that it activated, or will activate again after a reset.
  public let thing: String?

  public init(id: Int64, sealedCode: [UInt8], model: String, createdAt: Timestamp, usedAt: Timestamp?, thing: String?) {
    self.id = id
    self.sealedCode = sealedCode
    self.model = model
    self.createdAt = createdAt
    self.usedAt = usedAt
    self.thing = thing
  }
}
