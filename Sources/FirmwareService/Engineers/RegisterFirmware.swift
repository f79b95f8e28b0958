import Catalog
import Cryptography
public import Domain
import ImageFormats
import ImageStore
import Logging
import Rollouts
import Signing

extension FirmwareService {
  /// Registers a firmware by its signed manifest, and publishes it where asked.
  ///
  /// The story in order: who vouches for it, is it well formed, are the bytes there and of that size, what do they say about
  /// themselves; then one transaction. A repeat of what is registered is a success that changes nothing.
  /// - Parameter envelopeBytes: a DSSE envelope as JSON.
  /// - Returns: the firmware, and whether it is new.
  public func registerFirmware(
    envelope envelopeBytes: [UInt8], publish: Bool, within scope: ModelScope = .all, by actor: String
  ) async throws -> (firmware: Firmware, isNew: Bool) {
    let now = clock()
    return try await translatingErrors {
      let envelope = try SignedEnvelope(jsonBytes: envelopeBytes)
      let claimed = try envelope.claimedManifest()
      try Self.require(claimed.model, in: scope)
      guard let model = releases.snapshot.modelsByName[claimed.model] else {
        throw ServiceError(.unknownModel, "there is no model \(claimed.model): create it with `firmament model create`")
      }
      let verified = try envelope.verify(with: try await knownKeys(of: model))
      let (version, mcu) = try Self.check(verified.manifest, model, now: now)
      let same = releases.snapshot.firmware(mcuID: mcu.id, version: version.text)
      if publish, same?.publishedAt == nil { try Self.refuseUnapproved(model) }
      if let same, !same.version.text.utf8.elementsEqual(version.text.utf8) {
        throw ServiceError(.versionTaken, "version \(same.version) is registered already, spelled with other code points")
      }
      let description = try await inspect(verified.manifest, model, version)
      let new = NewFirmware(
        publicID: Identifiers.firmware(), mcuID: mcu.id, version: version, sequence: verified.manifest.sequence,
        digest: verified.manifest.sha256, size: verified.manifest.size, keyID: verified.keyID, envelope: envelope.jsonBytes,
        format: description.format.rawValue, formatDetails: description.details, createdAt: verified.manifest.createdAt,
        requires: verified.manifest.requires)
      let audit = AuditEntry(
        at: now, actor: actor, action: publish ? "firmware.registerAndPublish" : "firmware.register",
        subject: "\(model.name)/\(mcu.name)/\(version)",
        details: ["sha256": new.digest.hex, "key": new.keyID, "sequence": String(new.sequence)])
      let publication = publish ? publication(by: actor, at: now) : nil
      return try await settle(
        try await catalog.register(new, publishing: publication, at: now, audit: audit) { [self] in announce($0) }, new)
    }
  }

  private func settle(_ registration: Registration, _ new: NewFirmware) async throws -> (firmware: Firmware, isNew: Bool) {
    switch registration {
    case .registered(let firmware, _):
      try await reloadReleases()
      if firmware.otherDigests == nil { digestSignal.raise() }
      log.info("firmware registered", metadata: ["id": "\(firmware.publicID)", "version": "\(firmware.version)"])
      return (firmware, true)
    case .repeated(let firmware, _):
      try await reloadReleases()
      return (firmware, false)
    case .otherBytes(let firmware):
      throw ServiceError(
        .versionTaken,
        "version \(firmware.version) is registered with other bytes (sha256 \(firmware.digest.hex)): use a new version")
    case .oldSequence(let newest):
      throw ServiceError(
        .sequenceTooOld, "sequence \(new.sequence) is not larger than \(newest), the newest: sign a new manifest")
    }
  }

  private func knownKeys(of model: Model) async throws -> [KnownKey] {
    try await catalog.keys(of: model.id).map { key in
      KnownKey(key: try PublicKey(pem: key.pem), isRevoked: key.revokedAt != nil)
    }
  }

  /// The largest sequence: every JSON reader keeps whole numbers up to here.
  static let largestSequence: Int64 = 1 << 53 - 1

  private static func check(
    _ manifest: FirmwareManifest, _ model: Model, now: Timestamp
  ) throws -> (version: FirmwareVersion, mcu: MCU) {
    guard let version = FirmwareVersion(manifest.version) else {
      throw ServiceError(.malformedManifest, "version: 1 to \(PrintableText.longest) printable characters are needed")
    }
    guard !model.numericVersions || version.isWholeNumber else {
      throw ServiceError(.versionNotNumeric, "\(model.name) takes only whole numbers as versions")
    }
    guard let mcu = model.mcu(named: manifest.mcu) else {
      throw ServiceError(.unknownMCU, "\(model.name) has no MCU \(manifest.mcu)")
    }
    guard (1...largestSequence).contains(manifest.sequence) else {
      throw ServiceError(.malformedManifest, "sequence: 1 to \(largestSequence) is needed")
    }
    if let requires = manifest.requires {
      do { _ = try Expression(parsing: requires) } catch {
        throw ServiceError(.malformedManifest, "requires: \(error)")
      }
    }
    return (version, mcu)
  }

  /// What the stored image says about itself. It must be there, have the size that was signed, be whole, and not contradict the
  /// manifest.
  private func inspect(
    _ manifest: FirmwareManifest, _ model: Model, _ version: FirmwareVersion
  ) async throws -> ImageDescription {
    guard let size = try await images.size(of: manifest.sha256) else {
      throw ServiceError(.imageMissing, "the image \(manifest.sha256) is not stored: upload it first")
    }
    guard size == manifest.size else {
      throw ServiceError(.imageDiffers, "the manifest says \(manifest.size) bytes, the stored image has \(size)")
    }
    let description: ImageDescription
    do {
      description = try await images.inspect(manifest.sha256) { try ImageInspector.describe(InspectedImage(image: $0)) }
    } catch let error as ImageFormatError {
      throw ServiceError(.imageContradicts, "the image is damaged: \(error)")
    }
    let siblings = model.mcus.map(\.name).filter { $0 != manifest.mcu }
    let strangers = releases.snapshot.modelsByName.keys.filter { $0 != model.name }
    let declared = ImageDeclaration(
      model: model.name, microcontroller: manifest.mcu, version: version, others: siblings + strangers)
    let contradictions = ImageContradiction.find(in: description, declared: declared)
    guard contradictions.isEmpty else {
      throw ServiceError(.imageContradicts, contradictions.map { "\($0)" }.joined(separator: "; "))
    }
    return description
  }
}

/// A stored image as the inspectors read it. Reads block: the inspection runs on a thread of its own.
private struct InspectedImage: ImageBytes {
  let image: StoredImage

  var size: Int64 { image.size }

  func read(at offset: Int64, count: Int) throws -> [UInt8] {
    let start = min(max(offset, 0), size)
    return try image.readBlocking(start..<min(start + Int64(max(count, 0)), size))
  }

  func sha256(of range: Range<Int64>) throws -> [UInt8] { try image.digestBlocking(of: range.clamped(to: 0..<size)).bytes }
}
