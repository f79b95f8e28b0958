import Catalog
import Cryptography
import Domain
import Foundation
import ImageStore
import Logging
import NIOCore
import NIOPosix
import Signing
import Synchronization
import TestSupport
import Testing

@testable import FirmwareService

/// A clock that stands still until it is told to go on.
final class TestClock: Sendable {
  private let time = Mutex(Timestamp(milliseconds: 1_750_000_000_000))
  var now: Timestamp { time.withLock { $0 } }
  func advance(seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// The service on a real store in a folder of its own, with an engineer who signs.
struct TestService {
  let folder: TemporaryFolder
  let clock: TestClock
  let catalog: Catalog
  let images: ImageStore
  let service: FirmwareService
  let engineer: PrivateKey

  private static let pool: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 2)
    pool.start()
    return pool
  }()
  private static let background = BackgroundThreads(count: 2)

  init(_ change: (inout ServiceSettings) -> Void = { _ in }) async throws {
    try await self.init(folder: TemporaryFolder(), clock: TestClock(), engineer: .generate(.ed25519), change)
  }

  private init(
    folder: TemporaryFolder, clock: TestClock, engineer: PrivateKey, _ change: (inout ServiceSettings) -> Void
  ) async throws {
    self.folder = folder
    self.clock = clock
    self.engineer = engineer
    catalog = try Catalog(path: "\(folder.path)/catalog.sqlite")
    images = try ImageStore(
      root: folder.path, pool: Self.pool, background: Self.background, largestImage: 1 << 20, hotBytes: 1 << 20)
    var settings = ServiceSettings()
    settings.passwordCost = ScryptCost(logCost: 4, blockSize: 1, parallelism: 1)
    change(&settings)
    service = FirmwareService(
      catalog: catalog, images: images, sealingKey: SealingKey(bytes: Array(repeating: 7, count: 32))!, settings: settings,
      log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), clock: { clock.now })
    try await service.load()
  }

  /// A new service on the same store, as after a crash: what was only in memory is gone.
  func restarted(_ change: (inout ServiceSettings) -> Void = { _ in }) async throws -> TestService {
    try catalog.close()
    return try await TestService(folder: folder, clock: clock, engineer: engineer, change)
  }

  /// A model that trusts the engineer.
  @discardableResult
  func createModel(
    _ name: String = "lamp", mcus: [String] = ["main"], numeric: Bool = false, confirmWithin: Int64? = nil
  ) async throws -> Model {
    let model = try await service.createModel(
      name: name, mcus: mcus, numericVersions: numeric, confirmWithin: confirmWithin, by: "op"
    ).model
    _ = try await service.trustKey(pem: engineer.publicKey.pem, name: "engineer", for: name, by: "op")
    return model
  }

  /// Bytes of an image that no format knows, told by its version.
  func image(_ version: String, size: Int = 5000) -> [UInt8] {
    let seed = Array("image of \(version) ".utf8)
    return (0..<size).map { seed[$0 % seed.count] &+ UInt8(truncatingIfNeeded: $0 / 251) }
  }

  func store(_ bytes: [UInt8]) async throws -> ImageDigest {
    let digest = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: bytes)))
    _ = try await service.storeImage(digest, continuingAt: 0, by: "op") { try await $0.append(ByteBuffer(bytes: bytes)) }
    return digest
  }

  func manifest(
    _ version: String, model: String = "lamp", mcu: String = "main", sequence: Int64, digest: ImageDigest, size: Int64
  ) -> FirmwareManifest {
    FirmwareManifest(
      createdAt: clock.now, mcu: mcu, model: model, sequence: sequence, sha256: digest, size: size, version: version)
  }

  /// Stores, signs, registers and publishes.
  @discardableResult
  func release(
    _ version: String, model: String = "lamp", mcu: String = "main", sequence: Int64, publish: Bool = true
  ) async throws -> Firmware {
    let bytes = image(version)
    let digest = try await store(bytes)
    let manifest = manifest(
      version, model: model, mcu: mcu, sequence: sequence, digest: digest, size: Int64(bytes.count))
    let envelope = try SignedEnvelope.sign(manifest, with: engineer).jsonBytes
    return try await service.registerFirmware(envelope: envelope, publish: publish, by: "op").firmware
  }

  /// Activates a thing with a new code.
  func activate(_ model: String = "lamp") async throws -> (token: ThingToken, id: Int64, publicID: String) {
    let code = try await service.createCodes(for: model, count: 1, by: "op")[0].code
    let token = try await service.activateThing(code: code)
    let id = try await service.identifyThing(token.secret)
    let things = try await service.listThings(model: model, PageRequest(limit: 1, after: nil))
    return (token, id, things.entries[0].publicID)
  }

  /// What a poll says, in short: `2.0` is an update, `=2.0` what runs already.
  func poll(_ thing: Int64, _ version: String? = nil, mcu: String? = nil, boot: String? = nil) async throws -> [String] {
    let report = version.map { RunningReport(mcu: mcu, version: $0, boot: boot) }
    return Self.lines(try await service.offerFirmware(to: thing, running: report).firmwares)
  }

  static func lines(_ offers: [OfferedFirmware]) -> [String] {
    offers.map { ($0.isUpdate ? "" : "=") + $0.firmware.version.text }
  }

  /// What a thing in memory is answered without waiting: what is remembered, or else decided anew.
  func quickPoll(_ token: ThingToken, _ version: String? = nil, mcu: String? = nil) -> KnownOffers? {
    recall(token, version, mcu: mcu) ?? decide(token, version, mcu: mcu)
  }

  /// The same, always decided anew.
  func decide(_ token: ThingToken, _ version: String? = nil, mcu: String? = nil) -> KnownOffers? {
    let report = version.map { RunningReport(mcu: mcu, version: $0, boot: nil) }
    return Self.query(version, mcu).withUnsafeBytes {
      service.offerFirmware(toThingBy: token, running: report, asked: $0)
    }
  }

  /// What is remembered alone.
  func recall(_ token: ThingToken, _ version: String? = nil, mcu: String? = nil) -> KnownOffers? {
    Array(token.secret.utf8).withUnsafeBytes { secret in
      Self.query(version, mcu).withUnsafeBytes { query in
        service.recallOffers(toThingBy: secret, asked: query).flatMap { service.offers(by: $0) }
      }
    }
  }

  private static func query(_ version: String?, _ mcu: String?) -> [UInt8] {
    Array((version.map { "version=\($0)" + (mcu.map { "&mcu=\($0)" } ?? "") } ?? "").utf8)
  }

  func report(_ thing: Int64, _ members: [String: JSONValue]) async throws {
    try await service.writeResources([ResourceRecord(key: "$firmware", value: .object(members))], of: thing)
  }

  func report(_ thing: Int64, _ version: String, _ status: ReportedStatus, mcu: String? = nil, boot: String? = nil) async throws
  {
    var members: [String: JSONValue] = ["version": .string(version), "status": .string(status.rawValue)]
    if let mcu { members["mcu"] = .string(mcu) }
    if let boot { members["boot"] = .string(boot) }
    try await report(thing, members)
  }

  /// What a door does for a thing that can say no more than that it is done.
  func claim(_ firmware: Firmware, by thing: Int64) async throws {
    let now = clock.now
    let releases = service.releases.snapshot
    let standing = try #require(try await service.fleet.standing(of: thing))
    let model = try #require(releases.modelsByID[standing.modelID])
    let commit = try service.fleet.change(thing, seenAt: now) { standing in
      try FirmwareService.claim(firmware, in: &standing, model, releases, at: now)
      return nil
    }
    try await service.settle(commit, of: thing)
  }

  /// Fetches a range as a door does.
  func download(_ firmware: Firmware, by thing: Int64, _ range: Range<Int64>? = nil) async throws -> [UInt8] {
    let download = try await service.downloadFirmware(firmware.publicID, by: thing)
    let range = range ?? 0..<firmware.size
    download.begin()
    let bytes = try await download.read(range)
    download.sent(range)
    return Array(bytes.readableBytesView)
  }

  /// The counts of a version that are not zero.
  func counts(_ version: String, model: String = "lamp", mcu: String = "main") async throws -> [InstallationState: Int] {
    let status = try await service.showStatus(model: model)
    let counts = status.first { $0.firmware.version.text == version && $0.firmware.mcu == mcu }?.counts ?? [:]
    return counts.filter { $0.value > 0 }
  }

  func running(_ version: String) async throws -> Int {
    try await service.showStatus(model: nil).first { $0.firmware.version.text == version }?.running ?? 0
  }

  func state(_ publicID: String, mcu: Int = 0) async throws -> InstallationState? {
    try await service.showThing(publicID).mcus[mcu].installation?.state
  }
}

/// Expects a refusal with this code.
func expectRefusal(
  _ code: ServiceError.Code, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Void
) async {
  do {
    try await body()
    Issue.record("\(what) was not refused with \(code)", sourceLocation: sourceLocation)
  } catch {
    #expect((error as? ServiceError)?.code == code, "\(what): \(error)", sourceLocation: sourceLocation)
  }
}
