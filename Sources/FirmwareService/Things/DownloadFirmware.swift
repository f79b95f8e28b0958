import Catalog
public import Domain
import ImageStore
import Metrics
public import NIOCore
import Rollouts

/// An image on its way to one thing: bytes by range, and an account of what was sent.
public struct FirmwareDownload: Sendable {
  public let firmware: Firmware
  let image: StoredImage
  let thingID: Int64
  let service: FirmwareService

  /// Bytes to read at a time where the image is not in memory.
  public static let pieceSize = StoredImage.pieceSize

  /// The bytes of the range where they are in memory: a slice, not a copy.
  public func slice(_ range: Range<Int64>) -> ByteBuffer? { image.slice(range) }

  /// The bytes of the range, `pieceSize` at most.
  public func read(_ range: Range<Int64>) async throws -> ByteBuffer {
    try await translatingErrors { try await image.read(range) }
  }

  /// Notes that bytes are on their way: the thing is downloading.
  public func begin() {
    service.figures.downloads.increment()
    service.note(.downloading, of: firmware, on: thingID)
  }

  /// Notes that the bytes of a range were sent. When all of the image was, the thing has downloaded it.
  public func sent(_ range: Range<Int64>) {
    service.figures.downloadBytes.increment(by: range.count)
    service.noteBytes(Int64(range.count), of: firmware, on: thingID)
    if service.coverage.add(range, of: firmware, to: thingID) { service.note(.downloaded, of: firmware, on: thingID) }
  }
}

extension FirmwareService {
  /// Opens a firmware for a thing that may have it: one of its model, published, and not refused to it.
  /// - Throws: `unknownFirmware` for what is unknown, another model's or not published; `notForThisThing` for what failed on
  ///   it.
  public func downloadFirmware(_ publicID: String, by thingID: Int64) async throws -> FirmwareDownload {
    let firmware = try await firmware(publicID, for: thingID)
    let image = try await translatingErrors { try await images.open(firmware.digest) }
    return FirmwareDownload(firmware: firmware, image: image, thingID: thingID, service: self)
  }

  /// The same for a thing and an image that are in memory, where nothing has to be waited for; nil where it has to be asked in
  /// the other way.
  public func downloadFirmware(_ publicID: String, byThingBy token: ThingToken) -> FirmwareDownload? {
    guard let standing = fleet.recall(token, at: clock()), let firmware = try? firmware(publicID, for: standing),
      let image = images.openHot(firmware.digest)
    else { return nil }
    return FirmwareDownload(firmware: firmware, image: image, thingID: standing.thingID, service: self)
  }

  /// The signed manifest of a firmware that a thing may have: the DSSE envelope as JSON.
  public func firmwareManifest(_ publicID: String, for thingID: Int64) async throws -> [UInt8] {
    let firmware = try await firmware(publicID, for: thingID)
    return try await manifest(of: firmware)
  }

  private func firmware(_ publicID: String, for thingID: Int64) async throws -> Firmware {
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }) else {
      throw ServiceError(.unknownThing, "thing not found")
    }
    return try firmware(publicID, for: standing)
  }

  private func firmware(_ publicID: String, for standing: ThingStanding) throws -> Firmware {
    let releases = releases.snapshot
    guard let firmware = releases.firmwaresByPublicID[publicID], firmware.modelID == standing.modelID,
      Self.mayHave(firmware, running: standing.mcu(firmware.mcuID)?.running, releases)
    else { throw ServiceError(.unknownFirmware, "firmware not found") }
    switch standing.installation(of: firmware.id)?.state {
    case .failed, .rejected, .rolledBack:
      throw ServiceError(.notForThisThing, "this firmware failed on this thing and waits for an operator's retry")
    case .offered, .downloading, .downloaded, .installing, .installed, .confirmed, nil: return firmware
    }
  }

  /// What a thing runs already it may always fetch again; anything else only while it is published and not older than that.
  private static func mayHave(_ firmware: Firmware, running: String?, _ releases: ReleaseIndex.Snapshot) -> Bool {
    if running == firmware.version.text { return true }
    guard firmware.publishedAt != nil else { return false }
    return running.map { running in
      !OfferDecision.isOlder(
        firmware, than: running, registered: releases.firmware(mcuID: firmware.mcuID, version: running))
    } ?? true
  }

  /// Adds to the bytes that a thing was sent of a firmware.
  func noteBytes(_ count: Int64, of firmware: Firmware, on thingID: Int64) {
    fleet.observe(thingID, at: clock()) { standing in
      guard var installation = standing.installation(of: firmware.id) else { return [] }
      installation.bytesServed += count
      standing.set(installation)
      return [(firmware.mcuID, firmware.id)]
    }
  }

  func note(_ observation: InstallationProgress.Observation, of firmware: Firmware, on thingID: Int64) {
    let now = clock()
    fleet.observe(thingID, at: now) { standing in
      // A thing that fetches once more what it runs or has installed is in no other state for it.
      guard standing.mcu(firmware.mcuID)?.running != firmware.version.text,
        let next = InstallationProgress.observe(
          observation, on: standing.installation(of: firmware.id), of: firmware.id, at: now)
      else { return [] }
      standing.set(next)
      var place = standing.mcu(firmware.mcuID) ?? MCUStanding(mcuID: firmware.mcuID)
      place.firmwareID = firmware.id
      standing.set(place)
      return [(firmware.mcuID, firmware.id)]
    }
  }
}
