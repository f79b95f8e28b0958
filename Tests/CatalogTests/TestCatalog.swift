import Domain
import GRDB
import TestSupport

@testable import Catalog

/// A catalog in a folder of its own, with a model `lamp` of two MCUs in it.
struct TestCatalog {
  let folder: TemporaryFolder
  let catalog: Catalog
  let model: Model

  var path: String { "\(folder.path)/catalog.sqlite" }

  init() async throws {
    folder = try TemporaryFolder()
    catalog = try Catalog(path: "\(folder.path)/catalog.sqlite")
    try await catalog.createModel(
      name: "lamp", mcus: ["main", "radio"], numericVersions: false, confirmWithin: 900, at: .start,
      audit: .deed("model.create"))
    model = try await catalog.models()[0]
  }

  func createCode(_ number: UInt8) async throws {
    let code = NewCode(hash: hash(number), sealed: [number])
    _ = try await catalog.createCodes([code], modelID: model.id, at: .start, audit: .deed("code.create"))
  }

  /// Makes a thing with a token, both told by a number.
  @discardableResult
  func createThing(_ number: UInt8) async throws -> Thing {
    try await createCode(number)
    let token = StoredToken(hash: hash(number), sealed: [number])
    return try await catalog.activate(codeHash: hash(number), newPublicID: "thing-\(number)", token: token, at: .start)!
  }

  /// Notes that things were heard of.
  func hear(_ thingIDs: [Int64], at time: Timestamp) async throws {
    try await catalog.recordHeard(thingIDs) { part in part.map { HeardTime(thingID: $0, at: time) } }.wait()
  }

  func hash(_ number: UInt8) -> [UInt8] { Array(repeating: number, count: 32) }

  func firmware(
    _ version: String, sequence: Int64, digest: UInt8 = 1, publicID: String? = nil, mcu: Int = 0
  ) -> NewFirmware {
    NewFirmware(
      publicID: publicID ?? "f-\(mcu)-\(version)-\(digest)", mcuID: model.mcus[mcu].id, version: FirmwareVersion(version)!,
      sequence: sequence, digest: ImageDigest(bytes: hash(digest))!, size: 1000 + Int64(digest),
      keyID: String(repeating: "k", count: 64), envelope: [1, 2, digest], format: "raw", formatDetails: ["a": "b"],
      createdAt: .start)
  }

  @discardableResult
  func register(_ new: NewFirmware, publish: Bool = false) async throws -> Registration {
    try await catalog.register(
      new, publishing: publish ? .sample("r-\(new.publicID)") : nil, at: .start, audit: .deed("firmware.register"))
  }
}

extension Timestamp {
  static let start = Timestamp(milliseconds: 1_750_000_000_000)
}

extension Publication {
  static func sample(_ rolloutID: String, at now: Timestamp = .start) -> Publication {
    Publication(rolloutID: rolloutID, by: "tester", at: now)
  }
}

extension AuditEntry {
  static func deed(_ action: String) -> AuditEntry { AuditEntry(at: .start, actor: "tester", action: action, subject: "x") }
}

extension Registration {
  var firmware: Firmware? {
    switch self {
    case .registered(let firmware, _), .repeated(let firmware, _), .otherBytes(let firmware): firmware
    case .oldSequence: nil
    }
  }

  var kind: String {
    switch self {
    case .registered: "registered"
    case .repeated: "repeated"
    case .otherBytes: "otherBytes"
    case .oldSequence: "oldSequence"
    }
  }
}
