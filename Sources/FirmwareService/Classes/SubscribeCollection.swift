import Catalog
public import LiveChannels

extension FirmwareService {
  /// What a user listens to: the changes of one of their collections, as long as the session lasts.
  /// - Throws: `malformed` for a name that is none.
  public func subscribeCollection(_ name: String, by user: SessionUser) throws -> LivePlan {
    let collection = try CollectionName.collection(name, of: user)
    return plan([.collection(userID: user.userID, name: collection.name)], of: user)
  }
}
