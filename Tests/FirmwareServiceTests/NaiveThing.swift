import Domain
import Rollouts

/// A thing as the naive model of the rules remembers it.
struct NaiveThing: ThingState {
  /// What is known of one firmware on it.
  struct Record {
    var state: InstallationState
    var failures = 0
    var installedAt: Timestamp?
    var saidOtherwise = false
    var rollout: Int64
  }

  /// Its part in one rollout, as coarse as the rules need it.
  struct Part {
    enum State { case waiting, early, late, failed, silent, confirmed, claimed }
    let stage: Int
    var state: State
    var previous: [Int64: Int64] = [:]
  }

  let id: Int64
  let publicID: String
  let model: Model
  var running: [Int64: String] = [:]
  /// By MCU: the firmware that it was last about.
  var present: [Int64: Int64] = [:]
  var records: [Int64: Record] = [:]
  var parts: [Int64: Part] = [:]
  var tags: Set<String> = []
  var values: [String: String] = [:]
  var seenAt: Timestamp?

  func value(of attribute: ThingAttribute) -> AttributeValue? {
    switch attribute {
    case .model: .text(model.name)
    case .mcuVersion(let name): model.mcu(named: name).flatMap { running[$0.id] }.map(AttributeValue.version)
    case .tag: .texts(tags.sorted())
    case .resource(let key): values[key].map(AttributeValue.text)
    default: nil
    }
  }

  func holds(_ text: String?) -> Bool {
    guard let text else { return true }
    return try! Expression(parsing: text).matches(self)
  }
}
