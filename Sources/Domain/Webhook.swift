/// Somebody else's server that is told what happens to rollouts.
public struct Webhook: Sendable, Hashable {
  /// The most characters of its URL.
  public static let longestURL = 2048

  /// The row id.
  public let id: Int64
  public let publicID: String
  public let url: String
  /// Which events it is told; empty for all.
  public let kinds: [RolloutEvent.Kind]
  /// Of rollouts of which models; empty for all.
  public let models: [String]
  public let createdAt: Timestamp
  public let createdBy: String
  /// When its server said that it is gone for good; nil while it is told.
  public let disabledAt: Timestamp?

  public init(
    id: Int64, publicID: String, url: String, kinds: [RolloutEvent.Kind], models: [String], createdAt: Timestamp,
    createdBy: String, disabledAt: Timestamp?
  ) {
    self.id = id
    self.publicID = publicID
    self.url = url
    self.kinds = kinds
    self.models = models
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.disabledAt = disabledAt
  }
}
