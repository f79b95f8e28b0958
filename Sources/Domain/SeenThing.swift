/// A thing that a user sees.
public struct SeenThing: Sendable, Hashable {
  /// The row's id; never leaves the service.
  public let thingID: Int64
  public let publicID: String
  public let modelID: Int64
  /// Whether the user is its owner; else somebody shared it.
  public let owns: Bool

  public init(thingID: Int64, publicID: String, modelID: Int64, owns: Bool) {
    self.thingID = thingID
    self.publicID = publicID
    self.modelID = modelID
    self.owns = owns
  }
}
