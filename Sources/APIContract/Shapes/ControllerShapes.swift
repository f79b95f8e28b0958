public import Domain

/// A device as the DDI door knows it.
public struct ControllerShape: Codable, Sendable {
  /// The name that it has given itself.
  public let controllerId: String
  public let model: String
  /// When it came first.
  public let createdAt: Timestamp
  /// The id of its thing; absent while it waits to be admitted. Of one that was just forgotten, the thing that had the name.
  public let thing: String?

  public init(controllerId: String, model: String, createdAt: Timestamp, thing: String? = nil) {
    self.controllerId = controllerId
    self.model = model
    self.createdAt = createdAt
    self.thing = thing
  }
}

/// A page of a list.
public struct ControllerList: Codable, Sendable {
  public let controllers: [ControllerShape]
  public let next: PageCursor

  public init(controllers: [ControllerShape], next: PageCursor) {
    self.controllers = controllers
    self.next = next
  }
}

/// What became of the devices of a model that waited.
public struct RefusedControllers: Codable, Sendable {
  public let model: String
  /// How many there were.
  public let refused: Int

  public init(model: String, refused: Int) {
    self.model = model
    self.refused = refused
  }
}
