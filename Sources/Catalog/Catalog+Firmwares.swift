public import Domain
import Foundation
import GRDB

/// A firmware that is about to be registered.
public struct NewFirmware: Sendable {
  public let publicID: String
  public let mcuID: Int64
  public let version: FirmwareVersion
  public let sequence: Int64
  public let digest: ImageDigest
  public let size: Int64
  public let keyID: String
  public let envelope: [UInt8]
  public let format: String
  public let formatDetails: [String: String]
  public let createdAt: Timestamp
  public let requires: String?

  public init(
    publicID: String, mcuID: Int64, version: FirmwareVersion, sequence: Int64, digest: ImageDigest, size: Int64, keyID: String,
    envelope: [UInt8], format: String, formatDetails: [String: String], createdAt: Timestamp, requires: String? = nil
  ) {
    self.publicID = publicID
    self.mcuID = mcuID
    self.version = version
    self.sequence = sequence
    self.digest = digest
    self.size = size
    self.keyID = keyID
    self.envelope = envelope
    self.format = format
    self.formatDetails = formatDetails
    self.createdAt = createdAt
    self.requires = requires
  }
}

/// The publication of a firmware, which is a rollout to all in one stage: its id, and who does it when.
public struct Publication: Sendable {
  public let rolloutID: String
  public let by: String
  public let at: Timestamp

  public init(rolloutID: String, by: String, at: Timestamp) {
    self.rolloutID = rolloutID
    self.by = by
    self.at = at
  }
}

/// What became of a registration.
public enum Registration: Sendable {
  case registered(Firmware, [RolloutChange])
  /// The same model, MCU, version and digest was there; nothing was changed but, where asked, its publication.
  case repeated(Firmware, [RolloutChange])
  /// The version is registered with other bytes.
  case otherBytes(Firmware)
  /// The sequence is not larger than the newest.
  case oldSequence(newest: Int64)

  var changes: [RolloutChange] {
    switch self {
    case .registered(_, let changes), .repeated(_, let changes): changes
    case .otherBytes, .oldSequence: []
    }
  }
}

/// Images and firmware: what engineers upload.
extension Catalog {
  /// Records that an image has landed in the store. Again is a success.
  /// - Parameter otherDigests: nil where they are not known.
  public func recordImage(
    _ digest: ImageDigest, size: Int64, otherDigests: OtherDigests? = nil, at now: Timestamp, audit: AuditEntry? = nil
  ) async throws {
    try await write { db in
      try Self.insertImage(digest, size: size, now, db)
      if db.changesCount > 0 { try audit?.insert(db, before: nil, after: ["size": String(size)]) }
      if let otherDigests { try Self.record(otherDigests, of: digest, db) }
    }
  }

  private static func insertImage(_ digest: ImageDigest, size: Int64, _ now: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO image (digest, size, storedAt) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
      arguments: [digest.hex, size, now.milliseconds])
  }

  /// Registers a firmware, and decides in one transaction whether it may be.
  /// - Parameter publication: also publish it, when it is registered or was before.
  public func register(
    _ new: NewFirmware, publishing publication: Publication?, at now: Timestamp, audit: AuditEntry,
    committed: @escaping @Sendable ([RolloutChange]) -> Void = { _ in }
  ) async throws -> Registration {
    try await write(
      { db in
        let known = try Row.fetchOne(
          db, sql: "\(Self.firmwareQuery) WHERE firmware.mcuId = ? AND firmware.version = ?",
          arguments: [new.mcuID, new.version.text])
        if let known {
          let firmware = try Self.firmware(known)
          guard firmware.digest == new.digest else { return .otherBytes(firmware) }
          guard let publication, firmware.publishedAt == nil else { return .repeated(firmware, []) }
          let change = try Self.publish(firmware, publication, db)
          try audit.insert(db, before: ["published": "false"], after: ["published": "true"])
          return .repeated(try Self.firmware(firmware.id, db), [change])
        }
        let newest = try Int64.fetchOne(
          db, sql: "SELECT MAX(sequence) FROM firmware WHERE mcuId = ?", arguments: [new.mcuID])
        if let newest, new.sequence <= newest { return .oldSequence(newest: newest) }
        // The bytes were seen a moment ago; their row may have gone as an orphan's.
        try Self.insertImage(new.digest, size: new.size, now, db)
        let details = try jsonText(new.formatDetails)
        try db.execute(
          sql: """
            INSERT INTO firmware (publicId, mcuId, version, sequence, digest, keyId, envelope, format, formatDetails, createdAt,
              registeredAt, requires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            new.publicID, new.mcuID, new.version.text, new.sequence, new.digest.hex, new.keyID, Data(new.envelope), new.format,
            details, new.createdAt.milliseconds, now.milliseconds, new.requires,
          ])
        let id = db.lastInsertedRowID
        try audit.insert(
          db, before: nil, after: ["id": new.publicID, "published": String(publication != nil)])
        let change = try publication.map { try Self.publish(try Self.firmware(id, db), $0, db) }
        return .registered(try Self.firmware(id, db), change.map { [$0] } ?? [])
      }, committed: { committed($0.changes) })
  }

  /// Offers a firmware to all things of its model; again changes nothing.
  public func publish(
    _ firmwareID: Int64, _ publication: Publication, audit: AuditEntry,
    committed: @escaping @Sendable ([RolloutChange]) -> Void = { _ in }
  ) async throws -> (firmware: Firmware, changes: [RolloutChange]) {
    try await write(
      { db in
        let firmware = try Self.firmware(firmwareID, db)
        guard firmware.publishedAt == nil else { return (firmware, []) }
        let change = try Self.publish(firmware, publication, db)
        try audit.insert(db, before: ["published": "false"], after: ["published": "true"])
        return (try Self.firmware(firmwareID, db), [change])
      }, committed: { committed($0.changes) })
  }

  /// Ends every rollout of a firmware, its publication among them; again changes nothing.
  public func withdraw(
    _ firmwareID: Int64, at now: Timestamp, audit: AuditEntry,
    committed: @escaping @Sendable ([RolloutChange]) -> Void = { _ in }
  ) async throws -> (firmware: Firmware, changes: [RolloutChange]) {
    try await write(
      { db in
        let firmware = try Self.firmware(firmwareID, db)
        let ids = try Int64.fetchAll(
          db,
          sql: """
            SELECT rollout.id FROM rollout JOIN rolloutItem ON rolloutItem.rolloutId = rollout.id
            WHERE rolloutItem.firmwareId = ? AND rollout.state <> 'cancelled' ORDER BY rollout.id
            """, arguments: [firmwareID])
        let changes = try ids.map { id in
          var rollout = try Self.rollout(id, db)
          rollout.state = .cancelled
          rollout.endedAt = now
          try Self.update(rollout, db)
          let event = RolloutEvent(
            rolloutID: rollout.publicID, model: firmware.model, at: now, kind: .cancelled, details: ["by": audit.actor])
          return RolloutChange(rollout: rollout, events: [try Self.insert(event, db)])
        }
        try db.execute(
          sql: "UPDATE firmware SET publishedAt = NULL, withdrawnAt = ? WHERE id = ?",
          arguments: [now.milliseconds, firmwareID])
        if firmware.publishedAt != nil || !changes.isEmpty {
          try audit.insert(
            db, before: ["published": String(firmware.publishedAt != nil)], after: ["published": "false"])
        }
        return (try Self.firmware(firmwareID, db), changes)
      }, committed: { committed($0.changes) })
  }

  private static func publish(
    _ firmware: Firmware, _ publication: Publication, _ db: Database
  ) throws -> RolloutChange {
    let row = NewRolloutRow(
      publicID: publication.rolloutID, modelID: firmware.modelID, plan: .publication,
      items: [RolloutItem(mcuID: firmware.mcuID, firmwareID: firmware.id)],
      stages: [RolloutStage(scope: .share(1_000_000), openedAt: publication.at)], state: .running,
      createdBy: publication.by)
    let rollout = try insert(row, publishing: firmware.id, at: publication.at, db)
    try db.execute(
      sql: "UPDATE firmware SET publishedAt = ?, withdrawnAt = NULL WHERE id = ?",
      arguments: [publication.at.milliseconds, firmware.id])
    let event = RolloutEvent(
      rolloutID: rollout.publicID, model: firmware.model, at: publication.at, kind: .started,
      details: ["by": publication.by, "firmware": firmware.publicID])
    return RolloutChange(rollout: rollout, events: [try insert(event, db)])
  }

  /// Every firmware, oldest registration first.
  public func firmwares() async throws -> [Firmware] {
    try await read { try Row.fetchAll($0, sql: "\(Self.firmwareQuery) ORDER BY firmware.id").map(Self.firmware) }
  }

  /// The signed manifest of a firmware, as it was registered.
  public func envelope(of firmwareID: Int64) async throws -> [UInt8]? {
    try await read { db in
      try Row.fetchOne(db, sql: "SELECT envelope FROM firmware WHERE id = ?", arguments: [firmwareID])?.bytes("envelope")
    }
  }

  /// Every image that has a row, with its size in bytes.
  public func images() async throws -> [ImageDigest: Int64] {
    try await read { db in
      var images: [ImageDigest: Int64] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT digest, size FROM image") { images[try row.digest("digest")] = row["size"] }
      return images
    }
  }

  /// Images whose other digests are not known, in the order of their digests.
  /// - Parameter last: where the list goes on behind; nil at its start.
  public func imagesWithoutOtherDigests(after last: ImageDigest?, limit: Int) async throws -> [ImageDigest] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT digest FROM image WHERE sha1 IS NULL AND digest > ? ORDER BY digest LIMIT ?",
        arguments: [last?.hex ?? "", limit]
      ).map { try $0.digest("digest") }
    }
  }

  /// Keeps the other digests of an image; where they are known already, or the image is forgotten, nothing changes.
  public func record(_ others: OtherDigests, of digest: ImageDigest) async throws {
    try await write { try Self.record(others, of: digest, $0) }
  }

  private static func record(_ others: OtherDigests, of digest: ImageDigest, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE image SET sha1 = ?, md5 = ? WHERE digest = ? AND sha1 IS NULL",
      arguments: [others.sha1, others.md5, digest.hex])
  }

  /// Forgets images that no firmware names and that were stored before the moment.
  public func forgetUnnamedImages(storedBefore moment: Timestamp) async throws {
    try await write { db in
      try db.execute(
        sql:
          "DELETE FROM image WHERE storedAt < ? AND NOT EXISTS (SELECT 1 FROM firmware WHERE firmware.digest = image.digest)",
        arguments: [moment.milliseconds])
    }
  }

  private static let firmwareQuery = """
    SELECT firmware.*, image.size AS size, image.sha1 AS sha1, image.md5 AS md5, mcu.name AS mcuName,
      model.id AS modelId, model.name AS modelName
    FROM firmware JOIN image ON image.digest = firmware.digest JOIN mcu ON mcu.id = firmware.mcuId
    JOIN model ON model.id = mcu.modelId
    """

  private static func firmware(_ id: Int64, _ db: Database) throws -> Firmware {
    let row = try Row.fetchOne(db, sql: "\(firmwareQuery) WHERE firmware.id = ?", arguments: [id])
    guard let row else { throw CatalogError(.missing, "no such firmware") }
    return try firmware(row)
  }

  private static func firmware(_ row: Row) throws -> Firmware {
    Firmware(
      id: row["id"], publicID: row["publicId"], modelID: row["modelId"], model: row["modelName"], mcuID: row["mcuId"],
      mcu: row["mcuName"], version: try row.version("version"), sequence: row["sequence"], digest: try row.digest("digest"),
      size: row["size"], keyID: row["keyId"], format: row["format"], formatDetails: row.details("formatDetails"),
      createdAt: row.time("createdAt"), registeredAt: row.time("registeredAt"), publishedAt: row.optionalTime("publishedAt"),
      requires: row["requires"], isWithdrawn: (row["withdrawnAt"] as Int64?) != nil,
      otherDigests: otherDigests(row))
  }

  private static func otherDigests(_ row: Row) -> OtherDigests? {
    guard let sha1 = row["sha1"] as String?, let md5 = row["md5"] as String? else { return nil }
    return OtherDigests(sha1: sha1, md5: md5)
  }
}
