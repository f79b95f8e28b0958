public import Domain

/// How many things are in each state of one firmware now.
public struct FirmwareStatus: Codable, Sendable {
  public let id: String
  public let model: String
  public let mcu: String
  public let version: String
  public let published: Bool
  /// Things whose last word is that they run it.
  public let running: Int
  public let counts: StateCounts

  public init(id: String, model: String, mcu: String, version: String, published: Bool, running: Int, counts: StateCounts) {
    self.id = id
    self.model = model
    self.mcu = mcu
    self.version = version
    self.published = published
    self.running = running
    self.counts = counts
  }
}

/// An answer.
public struct StatusShape: Codable, Sendable {
  public let firmwares: [FirmwareStatus]

  public init(firmwares: [FirmwareStatus]) {
    self.firmwares = firmwares
  }
}

/// One thing that an operator did.
public struct AuditEntryShape: Codable, Sendable {
  public let at: Timestamp
  public let actor: String
  public let action: String
  public let subject: String
  public let details: [String: String]
  /// What was changed, as it was; missing where there was nothing.
  public let before: [String: String]?
  /// The same as it is since.
  public let after: [String: String]?

  public init(
    at: Timestamp, actor: String, action: String, subject: String, details: [String: String], before: [String: String]?,
    after: [String: String]?
  ) {
    self.at = at
    self.actor = actor
    self.action = action
    self.subject = subject
    self.details = details
    self.before = before
    self.after = after
  }
}

/// A page of a list.
public struct AuditList: Codable, Sendable {
  public let entries: [AuditEntryShape]
  public let next: PageCursor

  public init(entries: [AuditEntryShape], next: PageCursor) {
    self.entries = entries
    self.next = next
  }
}

/// Something that `store verify` found wrong.
public struct StoreProblem: Codable, Sendable {
  public let kind: String
  public let subject: String
  public let detail: String

  public init(kind: String, subject: String, detail: String) {
    self.kind = kind
    self.subject = subject
    self.detail = detail
  }
}

/// What `store verify` saw.
public struct VerificationShape: Codable, Sendable {
  public let sound: Bool
  public let images: Int
  public let bytes: Int64
  public let firmwares: Int
  public let things: Int
  /// Stored images that no firmware names yet; they do no harm and are collected.
  public let orphans: Int
  public let problems: [StoreProblem]

  public init(sound: Bool, images: Int, bytes: Int64, firmwares: Int, things: Int, orphans: Int, problems: [StoreProblem]) {
    self.sound = sound
    self.images = images
    self.bytes = bytes
    self.firmwares = firmwares
    self.things = things
    self.orphans = orphans
    self.problems = problems
  }
}
