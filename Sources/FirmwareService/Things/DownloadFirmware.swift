import Catalog
public import Domain
import ImageStore
import Metrics
public import NIOCore
import Rollouts

/// An image on its way to one thing: bytes by range, and an account of what was sent.
public struct FirmwareDownload: Sendable {
  public let firmware: Firmware
  private let image: StoredImage
  /// The image's file, where it is not in memory.
  private let file: StoredImageFile?
  private let thingID: Int64
  private let service: FirmwareService

  init(_ firmware: Firmware, _ image: StoredImage, thingID: Int64, service: FirmwareService) {
    self.firmware = firmware
    self.image = image
    self.thingID = thingID
    self.service = service
    file = image.fileToSend()
  }

  /// Bytes to read at a time where the image is not in memory.
  public static let pieceSize = StoredImage.pieceSize

  /// The bytes of the range where they are in memory: a slice, not a copy.
  public func slice(_ range: Range<Int64>) -> ByteBuffer? { image.slice(range) }

  /// Of a long range in memory, its first bytes, and what the system may send behind them at less cost; nil where all of it is
  /// to be sent from memory. `owner` has to be held until the rest has left.
  public func parts(_ range: Range<Int64>) -> (lead: ByteBuffer, rest: FileRegion, owner: any Sendable)? {
    guard let rest = image.rest(of: range), let lead = image.slice(range.lowerBound..<Int64(rest.region.readerIndex))
    else { return nil }
    return (lead, rest.region, rest.file)
  }

  /// The bytes of the range, `pieceSize` at most.
  public func read(_ range: Range<Int64>) async throws -> ByteBuffer {
    try await translatingErrors { try await image.read(range) }
  }

  /// The range for the system to send from the image's file, where it has it in its memory; nil where it has to be loaded
  /// first. Does not block. The download has to be held until the range has left.
  /// - Throws: where the range cannot be read.
  /// - Precondition: the image is not in memory.
  public func loaded(_ range: Range<Int64>) throws -> FileRegion? { try file?.loaded(range) }

  /// The same range, once the system has read it from the disk; fails where it cannot.
  public func load(_ range: Range<Int64>, on loop: any EventLoop) -> EventLoopFuture<FileRegion> {
    file?.load(range, on: loop) ?? loop.makeFailedFuture(Self.hasNoFile)
  }

  /// The bytes of the range, `pieceSize` at most, read from the disk; fails where they cannot be.
  public func read(_ range: Range<Int64>, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
    file?.read(range, on: loop) ?? loop.makeFailedFuture(Self.hasNoFile)
  }

  private static let hasNoFile = ServiceError(.unavailable, "the image is in memory")

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
  /// Opens a firmware for a thing that may have it now: it runs it, or a rollout brings it to the thing.
  /// - Throws: `unknownFirmware` for what no rollout brings to it; `notForThisThing` for what failed on it; `held` for what it
  ///   has to wait for, also in mid-download.
  /// - Parameter isWhole: whether the thing takes the firmwares of all its MCUs at once.
  public func downloadFirmware(
    _ publicID: String, by thingID: Int64, isWhole: Bool = false
  ) async throws -> FirmwareDownload {
    let firmware = try await firmware(publicID, for: thingID, isWhole: isWhole)
    let image = try await translatingErrors { try await images.open(firmware.digest) }
    return FirmwareDownload(firmware, image, thingID: thingID, service: self)
  }

  /// The same for a thing and an image that are in memory, where nothing has to be waited for; nil where it has to be asked in
  /// the other way.
  public func downloadFirmware(_ publicID: String, byThingBy token: ThingToken) -> FirmwareDownload? {
    let now = clock()
    let releases = releases.snapshot
    guard let thing = fleet.recall(token, at: now), let model = releases.modelsByID[thing.standing.modelID],
      case let needs = releases.needs(ofModel: model.id), needs.isEmpty || thing.facts?.needs == needs,
      let firmware = try? firmware(publicID, for: thing.standing, model, releases, thing.facts?.facts, at: now),
      let image = images.openHot(firmware.digest)
    else { return nil }
    return FirmwareDownload(firmware, image, thingID: thing.standing.thingID, service: self)
  }

  /// The signed manifest of a firmware that a thing may have: the DSSE envelope as JSON.
  public func firmwareManifest(_ publicID: String, for thingID: Int64) async throws -> [UInt8] {
    let firmware = try await firmware(publicID, for: thingID)
    return try await manifest(of: firmware)
  }

  private func firmware(_ publicID: String, for thingID: Int64, isWhole: Bool = false) async throws -> Firmware {
    let now = clock()
    let releases = releases.snapshot
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.modelsByID[standing.modelID]
    else { throw ServiceError(.unknownThing, "thing not found") }
    let facts = try await facts(of: thingID, model, releases)
    return try firmware(publicID, for: standing, model, releases, facts, isWhole: isWhole, at: now)
  }

  private func firmware(
    _ publicID: String, for standing: ThingStanding, _ model: Model, _ releases: ReleaseSnapshot, _ facts: ThingFacts?,
    isWhole: Bool = false, at now: Timestamp
  ) throws -> Firmware {
    guard let firmware = releases.firmwaresByPublicID[publicID], let mcu = model.mcus.first(where: { $0.id == firmware.mcuID })
    else { throw ServiceError(.unknownFirmware, "firmware not found") }
    let question = question(mcu, standing, model, releases, facts, isWhole: isWhole, at: now)
    let (refusal, rules) = OfferDecision.fetch(firmware, question)
    switch refusal {
    case nil, .awaitingConfirmation: return firmware
    case .failedBefore, .rejectedByThing, .rolledBack:
      throw ServiceError(.notForThisThing, "this firmware failed on this thing and waits for an operator's retry")
    case let refusal? where refusal.isHold:
      if let rules { noteHold(refusal, rules, question.view) }
      throw ServiceError(
        .held, refusal.explanation, retryAfter: max(5, min(60, Self.retryAfter(standing, model, releases))))
    default:
      // What it runs already it may always fetch again.
      if question.view.running(mcu.id) == firmware.version.text { return firmware }
      throw ServiceError(.unknownFirmware, "firmware not found")
    }
  }

  /// Notes that a thing was held in mid-download, or before it could begin.
  private func noteHold(_ reason: OfferReason, _ rules: RolloutRules, _ view: ThingView) {
    fleet.observe(view.standing.thingID, at: view.now) { standing in
      let before = standing
      DeliveryProgress.hold(reason, rules, view, &standing, at: view.now)
      return standing != before
    }
  }

  /// Adds to the bytes that a thing was sent of a firmware.
  func noteBytes(_ count: Int64, of firmware: Firmware, on thingID: Int64) {
    let now = clock()
    fleet.observe(thingID, at: now) { standing in
      guard var installation = standing.installation(of: firmware.id) else { return false }
      installation.bytesServed += count
      standing.set(installation)
      if let id = installation.rolloutID { speeds.add(count, to: id, at: now) }
      return true
    }
  }

  func note(_ observation: InstallationProgress.Observation, of firmware: Firmware, on thingID: Int64) {
    let now = clock()
    let releases = releases.snapshot
    let facts = fleet.knownFacts(of: thingID)
    fleet.observe(thingID, at: now) { standing in
      // A thing that fetches once more what it runs or has installed is in no other state for it.
      guard standing.mcu(firmware.mcuID)?.running != firmware.version.text,
        let next = InstallationProgress.observe(
          observation, on: standing.installation(of: firmware.id), of: firmware.id, at: now)
      else { return false }
      standing.set(next)
      var place = standing.mcu(firmware.mcuID) ?? MCUStanding(mcuID: firmware.mcuID)
      place.firmwareID = firmware.id
      standing.set(place)
      join(firmware, &standing, releases, facts, at: now)
      DeliveryProgress.follow(&standing, releases, at: now)
      return true
    }
  }

  /// Takes a thing that was not offered a firmware, but has it all the same, into the rollout that brings it.
  func join(
    _ firmware: Firmware, _ standing: inout ThingStanding, _ releases: ReleaseSnapshot, _ facts: ThingFacts?,
    at now: Timestamp
  ) {
    guard var installation = standing.installation(of: firmware.id), installation.rolloutID == nil,
      let model = releases.modelsByID[standing.modelID], let mcu = model.mcus.first(where: { $0.id == firmware.mcuID })
    else { return }
    let question = question(mcu, standing, model, releases, facts, at: now)
    guard let rules = OfferDecision.fetch(firmware, question).rules else { return }
    installation.rolloutID = rules.rollout.id
    standing.set(installation)
    if DeliveryProgress.join(rules, firmware, question, &standing, at: now) { pace.begin(rules.rollout, at: now) }
  }
}
