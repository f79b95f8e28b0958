/// The first message of every stream.
public struct SubscribedShape: Codable, Sendable {
  public let status: String
  public let message: String

  public init(status: String, message: String) {
    self.status = status
    self.message = message
  }
}
