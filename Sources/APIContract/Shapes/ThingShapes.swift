public import Domain

/// The body that creates activation codes.
public struct NewCodes: Codable, Sendable {
  public let model: String
  /// 1 to 10,000.
  public let count: Int

  public init(model: String, count: Int) {
    self.model = model
    self.count = count
  }
}

/// An activation code.
public struct CodeShape: Codable, Sendable {
  /// At most 34 characters.
  public let code: String
  public let model: String
  public let createdAt: Timestamp
  public let usedAt: Timestamp?
  /// The thing it activated.
  public let thing: String?

  public init(code: String, model: String, createdAt: Timestamp, usedAt: Timestamp? = nil, thing: String? = nil) {
    self.code = code
    self.model = model
    self.createdAt = createdAt
    self.usedAt = usedAt
    self.thing = thing
  }
}

/// A page of a list.
public struct CodeList: Codable, Sendable {
  public let codes: [CodeShape]
  public let next: PageCursor

  public init(codes: [CodeShape], next: PageCursor) {
    self.codes = codes
    self.next = next
  }
}

/// What runs on one MCU of a thing, what it may have now, and why.
public struct RunningVersion: Codable, Sendable {
  public let mcu: String
  /// What the thing last said it runs.
  public let version: String?
  public let boot: String?
  public let reportedAt: Timestamp?
  /// The newest firmware that was offered to it.
  public let firmware: InstallationShape?
  /// The version that it may have now.
  public let offer: String?
  /// A code for programs, such as `upToDate`.
  public let reason: String
  /// The same for people.
  public let explanation: String

  public init(
    mcu: String, version: String? = nil, boot: String? = nil, reportedAt: Timestamp? = nil, firmware: InstallationShape? = nil,
    offer: String? = nil, reason: String, explanation: String
  ) {
    self.mcu = mcu
    self.version = version
    self.boot = boot
    self.reportedAt = reportedAt
    self.firmware = firmware
    self.offer = offer
    self.reason = reason
    self.explanation = explanation
  }
}

/// One firmware on one thing.
public struct InstallationShape: Codable, Sendable {
  public let id: String
  public let version: String
  public let state: InstallationState
  public let since: Timestamp
  /// The code of a failure, as the thing gave it.
  public let code: String?
  public let message: String?
  /// Bytes of the image that were sent to it, repeated ranges counted again.
  public let bytesServed: Int64

  public init(
    id: String, version: String, state: InstallationState, since: Timestamp, code: String? = nil, message: String? = nil,
    bytesServed: Int64
  ) {
    self.id = id
    self.version = version
    self.state = state
    self.since = since
    self.code = code
    self.message = message
    self.bytesServed = bytesServed
  }
}

/// A thing.
public struct ThingShape: Codable, Sendable {
  public let id: String
  public let model: String
  public let createdAt: Timestamp
  public let activatedAt: Timestamp?
  public let lastSeenAt: Timestamp?
  public let retiredAt: Timestamp?
  /// The e-mail of the user who owns it.
  public let owner: String?
  public let tags: [String]
  public let mcus: [RunningVersion]
  /// The name by which it comes to the DDI door.
  public let controllerId: String?

  public init(
    id: String, model: String, createdAt: Timestamp, activatedAt: Timestamp? = nil, lastSeenAt: Timestamp? = nil,
    retiredAt: Timestamp? = nil, owner: String? = nil, tags: [String], mcus: [RunningVersion], controllerId: String? = nil
  ) {
    self.id = id
    self.controllerId = controllerId
    self.model = model
    self.createdAt = createdAt
    self.activatedAt = activatedAt
    self.lastSeenAt = lastSeenAt
    self.retiredAt = retiredAt
    self.owner = owner
    self.tags = tags
    self.mcus = mcus
  }
}

/// A thing in a list.
public struct ThingSummary: Codable, Sendable {
  public let id: String
  public let model: String
  public let createdAt: Timestamp
  public let activatedAt: Timestamp?
  public let lastSeenAt: Timestamp?
  public let retiredAt: Timestamp?
  /// The name by which it comes to the DDI door.
  public let controllerId: String?
  public let tags: [String]
  /// The version that each MCU last said it runs; one that has said none is left out.
  public let running: [String: String]

  public init(
    id: String, model: String, createdAt: Timestamp, activatedAt: Timestamp? = nil, lastSeenAt: Timestamp? = nil,
    retiredAt: Timestamp? = nil, controllerId: String? = nil, tags: [String] = [], running: [String: String] = [:]
  ) {
    self.id = id
    self.controllerId = controllerId
    self.tags = tags
    self.running = running
    self.model = model
    self.createdAt = createdAt
    self.activatedAt = activatedAt
    self.lastSeenAt = lastSeenAt
    self.retiredAt = retiredAt
  }
}

/// A page of a list.
public struct ThingList: Codable, Sendable {
  public let things: [ThingSummary]
  public let next: PageCursor

  public init(things: [ThingSummary], next: PageCursor) {
    self.things = things
    self.next = next
  }
}

/// A thing's token.
public struct ThingTokenShape: Codable, Sendable {
  public let id: String
  public let token: String
  /// Until when the token before it works.
  public let previousExpiresAt: Timestamp?

  public init(id: String, token: String, previousExpiresAt: Timestamp? = nil) {
    self.id = id
    self.token = token
    self.previousExpiresAt = previousExpiresAt
  }
}

/// The body that rotates a token.
public struct TokenRotation: Codable, Sendable {
  /// Seconds that the old token goes on working; 86,400 by default.
  public let overlap: Int?

  public init(overlap: Int? = nil) {
    self.overlap = overlap
  }
}

/// What a reset gives.
public struct ThingResetShape: Codable, Sendable {
  public let id: String
  /// The activation code that activates the thing again.
  public let code: String

  public init(id: String, code: String) {
    self.id = id
    self.code = code
  }
}

/// A thing that comes from another system.
public struct ImportedThing: Codable, Sendable {
  /// Its token there: 43 characters of `A-Za-z0-9-_`.
  public let token: String
  public let model: String
  /// Its id there; a new one where absent.
  public let id: String?

  public init(token: String, model: String, id: String? = nil) {
    self.token = token
    self.model = model
    self.id = id
  }
}

/// The body that imports things.
public struct ThingImport: Codable, Sendable {
  public let things: [ImportedThing]

  public init(things: [ImportedThing]) {
    self.things = things
  }
}

/// An answer.
public struct ThingImportShape: Codable, Sendable {
  public let imported: Int
  /// Those that were there already.
  public let unchanged: Int

  public init(imported: Int, unchanged: Int) {
    self.imported = imported
    self.unchanged = unchanged
  }
}
