/// A name that people put on a thing.
public struct Tag: Sendable, Hashable {
  public let publicID: String
  public let name: String

  public init(publicID: String, name: String) {
    self.publicID = publicID
    self.name = name
  }
}
