import Catalog
import Domain
import Foundation
import LiveChannels

extension FirmwareService {
  /// Tells those who listen to a collection of each change in it, in the order of the commits.
  func announcing(_ collection: ClassCollection) -> @Sendable (ObjectChange) -> Void {
    let topic = LiveTopic.collection(userID: collection.userID, name: collection.name)
    return { [live] change in
      guard live.hasSubscribers(to: topic) else { return }
      live.publish([(topic, change.message)])
    }
  }
}

extension ObjectChange {
  /// `[{"event":"created","_id":"K","object":{…}}]`, without the object where it was deleted.
  var message: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A text can always be encoded.
    let key = (try? encoder.encode(key)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    let object = json.map { ",\"object\":\($0)" } ?? ""
    return Array("[{\"event\":\"\(kind.rawValue)\",\"_id\":\(key)\(object)}]".utf8)
  }
}
