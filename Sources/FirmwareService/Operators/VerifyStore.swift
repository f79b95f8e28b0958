public import Catalog
import Cryptography
import Domain
public import ImageStore
import Signing

/// What a verification of the store saw.
public struct StoreReport: Sendable {
  public struct Finding: Sendable, Hashable {
    /// Such as `imageDamaged`.
    public let kind: String
    public let subject: String
    public let detail: String
  }

  public let images: Int
  public let bytes: Int64
  public let firmwares: Int
  public let things: Int
  /// Stored images that no firmware names: they do no harm, and a sweep collects them.
  public let orphans: Int
  public let findings: [Finding]
}

extension FirmwareService {
  /// Hashes every image again and checks every row against it.
  public func verifyStore() async throws -> StoreReport {
    try await translatingErrors { try await StoreVerification.run(catalog: catalog, images: images) }
  }
}

/// The check of a store, running or stopped.
public enum StoreVerification {
  public static func run(catalog: Catalog, images: ImageStore) async throws -> StoreReport {
    var findings = try await catalog.integrityProblems().map {
      StoreReport.Finding(kind: "catalog", subject: "catalog.sqlite", detail: $0)
    }
    // Rows first: an image whose bytes land while this runs has no row yet, which is no harm; the other way round it would be.
    let rows = try await catalog.images()
    let firmwares = try await catalog.firmwares()
    var present: Set<ImageDigest> = []
    var bytes: Int64 = 0
    for digest in try await images.digests() {
      // One that was collected since it was listed is gone, which the rows below would tell if it were wrong.
      guard let found = try await rehash(digest, images) else { continue }
      present.insert(digest)
      bytes += found.size
      if found.digest != digest {
        findings.append(.init(kind: "imageDamaged", subject: "\(digest)", detail: "its bytes are \(found.digest)"))
      }
      if let size = rows[digest], size != found.size {
        findings.append(
          .init(kind: "imageSize", subject: "\(digest)", detail: "the row says \(size) bytes, the file has \(found.size)"))
      }
    }
    for digest in rows.keys.sorted(by: { $0.hex < $1.hex }) where !present.contains(digest) {
      findings.append(.init(kind: "imageMissing", subject: "\(digest)", detail: "a row names it, and there is no file"))
    }
    for name in try await images.strayNames() {
      findings.append(.init(kind: "strayFile", subject: name, detail: "it lies among the images and is none"))
    }
    for firmware in firmwares {
      if let detail = try await manifestProblem(of: firmware, catalog) {
        findings.append(.init(kind: "manifest", subject: firmware.publicID, detail: detail))
      }
    }
    findings += try await catalog.wrongRolloutCounts().map {
      StoreReport.Finding(kind: "rolloutCount", subject: $0.rollout, detail: $0.detail)
    }
    let named = Set(firmwares.map(\.digest))
    return StoreReport(
      images: present.count, bytes: bytes, firmwares: firmwares.count, things: try await catalog.thingCount(),
      orphans: present.subtracting(named).count, findings: findings)
  }

  private static func rehash(_ digest: ImageDigest, _ images: ImageStore) async throws -> (digest: ImageDigest, size: Int64)? {
    do { return try await images.rehash(digest) } catch let error as ImageStoreError where error.code == .missing { return nil }
  }

  /// What is wrong with the signed manifest of a firmware: it must say what the row says, and its key's signature must hold. A
  /// key that was revoked since still vouches for what it signed before.
  private static func manifestProblem(of firmware: Firmware, _ catalog: Catalog) async throws -> String? {
    let keys = try await catalog.keys(of: firmware.modelID).filter { $0.keyID == firmware.keyID }
    guard let bytes = try await catalog.envelope(of: firmware.id) else { return "it has no manifest" }
    do {
      let known = try keys.map { KnownKey(key: try PublicKey(pem: $0.pem), isRevoked: false) }
      let manifest = try SignedEnvelope(jsonBytes: bytes).verify(with: known).manifest
      let agrees =
        manifest.model == firmware.model && manifest.mcu == firmware.mcu && manifest.version == firmware.version.text
        && manifest.sequence == firmware.sequence && manifest.sha256 == firmware.digest && manifest.size == firmware.size
        && manifest.requires == firmware.requires
      return agrees ? nil : "its manifest says something else than its row"
    } catch {
      return "\(error)"
    }
  }
}
