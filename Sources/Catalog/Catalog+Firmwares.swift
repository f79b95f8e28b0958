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

  public init(
    publicID: String, mcuID: Int64, version: FirmwareVersion, sequence: Int64, digest: ImageDigest, size: Int64, keyID: String,
    envelope: [UInt8], format: String, formatDetails: [String: String], createdAt: Timestamp
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
  }
}

/// What became of a registration.
public enum Registration: Sendable {
  case registered(Firmware)
  /// The same model, MCU, version and digest was there; nothing was changed but, where asked, its publication.
  case repeated(Firmware)
  /// The version is registered with other bytes.
  case otherBytes(Firmware)
  /// The sequence is not larger than the newest.
  case oldSequence(newest: Int64)
}

/// Images and firmware: what engineers upload.
extension Catalog {
  /// Records that an image has landed in the store. Again is a success.
  public func recordImage(_ digest: ImageDigest, size: Int64, at now: Timestamp) async throws {
    try await write { db in
      try Self.insertImage(digest, size: size, now, db)
    }
  }

  private static func insertImage(_ digest: ImageDigest, size: Int64, _ now: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO image (digest, size, storedAt) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
      arguments: [digest.hex, size, now.milliseconds])
  }

  /// Registers a firmware, and decides in one transaction whether it may be.
  /// - Parameter publish: also publish it, when it is registered or was before.
  public func register(_ new: NewFirmware, publish: Bool, at now: Timestamp, audit: AuditEntry) async throws -> Registration {
    try await write { db in
      let known = try Row.fetchOne(
        db, sql: "\(Self.firmwareQuery) WHERE firmware.mcuId = ? AND firmware.version = ?",
        arguments: [new.mcuID, new.version.text])
      if let known {
        let firmware = try Self.firmware(known)
        guard firmware.digest == new.digest else { return .otherBytes(firmware) }
        guard publish, firmware.publishedAt == nil else { return .repeated(firmware) }
        try Self.setPublication(of: firmware.id, now, db)
        try audit.insert(db)
        return .repeated(try Self.firmware(firmware.id, db))
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
            registeredAt, publishedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          new.publicID, new.mcuID, new.version.text, new.sequence, new.digest.hex, new.keyID, Data(new.envelope), new.format,
          details, new.createdAt.milliseconds, now.milliseconds, publish ? now.milliseconds : nil,
        ])
      let id = db.lastInsertedRowID
      try audit.insert(db)
      return .registered(try Self.firmware(id, db))
    }
  }

  /// Publishes a firmware, or withdraws it with nil; again changes nothing.
  public func setPublication(of firmwareID: Int64, _ publishedAt: Timestamp?, audit: AuditEntry) async throws -> Firmware {
    try await write { db in
      if try Self.setPublication(of: firmwareID, publishedAt, db) { try audit.insert(db) }
      return try Self.firmware(firmwareID, db)
    }
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
    SELECT firmware.*, image.size AS size, mcu.name AS mcuName, model.id AS modelId, model.name AS modelName
    FROM firmware JOIN image ON image.digest = firmware.digest JOIN mcu ON mcu.id = firmware.mcuId
    JOIN model ON model.id = mcu.modelId
    """

  @discardableResult
  private static func setPublication(of id: Int64, _ publishedAt: Timestamp?, _ db: Database) throws -> Bool {
    try db.execute(
      sql: "UPDATE firmware SET publishedAt = ? WHERE id = ? AND (publishedAt IS NULL) <> (? IS NULL)",
      arguments: [publishedAt?.milliseconds, id, publishedAt?.milliseconds])
    return db.changesCount > 0
  }

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
      createdAt: row.time("createdAt"), registeredAt: row.time("registeredAt"), publishedAt: row.optionalTime("publishedAt"))
  }
}
