/// A device as hawkBit's DDI knows it: a thing under the name that the device gives itself.
public struct Controller: Sendable, Hashable {
  /// By what its thing came to the name: the gateway token of the model, the token of the thing, or an operator who let it in
  /// or whose CA has signed its certificate.
  public enum Binding: String, Sendable, Hashable, CaseIterable { case gateway, target, `operator` }

  /// 1 to 256 Unicode scalars; no two things have the same.
  public let controllerID: String
  public let modelID: Int64
  /// Nil while it waits for an operator to admit it.
  public let thingID: Int64?
  /// The public id of that thing.
  public let thing: String?
  public let boundBy: Binding
  public let createdAt: Timestamp
  /// Whether it is asked for its attributes.
  public let asksAttributes: Bool
  /// Since when, by whom and why it agrees to every update by itself; nil where it does not.
  public let autoConfirm: AutoConfirm?
  /// Those that are open, oldest first, and behind them the newest one by which it was updated.
  public let actions: [DeviceAction]
  public let isRetired: Bool

  public init(
    controllerID: String, modelID: Int64, thingID: Int64?, thing: String?, boundBy: Binding, createdAt: Timestamp,
    asksAttributes: Bool, autoConfirm: AutoConfirm?, actions: [DeviceAction], isRetired: Bool
  ) {
    self.controllerID = controllerID
    self.modelID = modelID
    self.thingID = thingID
    self.thing = thing
    self.boundBy = boundBy
    self.createdAt = createdAt
    self.asksAttributes = asksAttributes
    self.autoConfirm = autoConfirm
    self.actions = actions
    self.isRetired = isRetired
  }

  /// In Unicode scalars.
  public static let longestID = 256

  /// Whether its model's gateway token speaks for it. What the holder of one thing's token called the thing may be the name of
  /// another device, which is not to come as that thing; nobody else has the thing's own id.
  public var takesGatewayToken: Bool { boundBy != .target || controllerID == thing }

  public var openActions: [DeviceAction] { actions.filter(\.isOpen) }

  /// The newest action by which it was updated.
  public var installedAction: DeviceAction? { actions.last { $0.outcome == .finished } }
}

/// That a device agrees to every update by itself.
public struct AutoConfirm: Sendable, Hashable, Codable {
  public let initiator: String?
  public let remark: String?
  public let activatedAt: Timestamp

  public init(initiator: String?, remark: String?, activatedAt: Timestamp) {
    self.initiator = initiator
    self.remark = remark
    self.activatedAt = activatedAt
  }
}

/// How the attributes that a device tells stand to those that are known.
public enum AttributeMode: String, Sendable, CaseIterable, Codable { case merge, replace, remove }

/// A rollout as one device is told of it: what DDI calls an action. The device knows it by its number; what may become of the
/// update is decided by the rollout alone.
public struct DeviceAction: Sendable, Hashable {
  /// Whether the device was told to stop.
  public enum Cancellation: String, Sendable, Hashable, CaseIterable { case none, asked, rejected }

  /// How it ended.
  public enum Outcome: String, Sendable, Hashable, CaseIterable {
    case finished, failed, declined, cancelled
    /// The device ended it without having tried: the rollout held it back at that moment, and comes again with a new action.
    case skipped
  }

  /// Below 2^31, since device code reads it as a 32-bit number.
  public let id: Int64
  public let thingID: Int64
  public let rolloutID: Int64
  public let createdAt: Timestamp
  public var cancellation: Cancellation
  /// Whether the device was told last that it is to leave the update alone.
  public var wasToldToSkip: Bool
  public var closedAt: Timestamp?
  public var outcome: Outcome?
  /// The report that closed it, for those that repeat it; nil where none did.
  public var finalReport: String?

  public init(
    id: Int64, thingID: Int64, rolloutID: Int64, createdAt: Timestamp, cancellation: Cancellation = .none,
    wasToldToSkip: Bool = false,
    closedAt: Timestamp? = nil, outcome: Outcome? = nil, finalReport: String? = nil
  ) {
    self.id = id
    self.thingID = thingID
    self.rolloutID = rolloutID
    self.createdAt = createdAt
    self.cancellation = cancellation
    self.wasToldToSkip = wasToldToSkip
    self.closedAt = closedAt
    self.outcome = outcome
    self.finalReport = finalReport
  }

  public var isOpen: Bool { closedAt == nil }
}

/// What a device said of an action.
public struct ActionReport: Sendable, Hashable {
  /// The `execution` of the report.
  public enum Execution: String, Sendable, Hashable, CaseIterable, Codable {
    case closed, proceeding, canceled, scheduled, rejected, resumed, download, downloaded
  }

  /// The `finished` of its result.
  public enum Finished: String, Sendable, Hashable, CaseIterable, Codable { case success, failure, none }

  public let at: Timestamp
  public let execution: Execution
  public let finished: Finished
  public let code: Int64?
  /// In the order in which they were said.
  public let messages: [String]

  public init(at: Timestamp, execution: Execution, finished: Finished, code: Int64?, messages: [String]) {
    self.at = at
    self.execution = execution
    self.finished = finished
    self.code = code
    self.messages = messages
  }
}
