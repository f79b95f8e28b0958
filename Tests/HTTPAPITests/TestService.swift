import APIContract
import Catalog
import Cryptography
import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import ImageStore
import LiveChannels
import Logging
import NIOCore
import NIOPosix
import Signing
import Synchronization
import TestSupport
import Testing

@testable import HTTPAPI

/// How a request comes in: straight to the router, or through a socket with everything that a connection has.
enum Door: CaseIterable, Sendable {
  case router, socket

  static let live = Door.socket
}

/// Which ways to an answer there are: from the bytes as they were read, by the connection behind the decoder, by the router.
enum AnswerPath { case both, withoutHotPath, routerOnly, connectionOnly, hotPathOnly }

/// A clock that stands still until it is told to go on.
final class TestClock: Sendable {
  private let time: Mutex<Timestamp>
  init(_ start: Timestamp) { time = Mutex(start) }
  var now: Timestamp { time.withLock { $0 } }
  func advance(seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}

extension ConnectionLimits {
  /// For tests of anything else than deadlines, which a machine that stands still for a while makes come.
  static var patient: ConnectionLimits {
    var limits = ConnectionLimits()
    limits.handshakeTimeout = .hours(1)
    limits.headTimeout = .hours(1)
    limits.idleTimeout = .hours(1)
    limits.bodyTimeout = .hours(1)
    limits.writeTimeout = .hours(1)
    return limits
  }
}

/// The whole service behind its front door, on a store in a folder of its own, with a clock that stands still.
final class TestService: Sendable {
  /// The operator's.
  static let token = "the-operators-token"
  static let tokenHash = SHA256Hasher.digest(of: token)
  static let now = Timestamp(milliseconds: 1_750_000_000_999)

  let catalog: Catalog
  let service: FirmwareService
  let clock = TestClock(now)
  let settings: APISettings
  let limits: ConnectionLimits
  /// The engineer's.
  let key: PrivateKey
  let folder: String

  private static let pool: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 2)
    pool.start()
    return pool
  }()
  private static let background = BackgroundThreads(count: 2)

  init(
    live: LiveChannels = LiveChannels(mostSubscriptions: 100), limits: ConnectionLimits = .patient,
    _ change: (inout APISettings) -> Void = { _ in }, service changeService: (inout ServiceSettings) -> Void = { _ in },
    log: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  ) async throws {
    self.limits = limits
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("firmament-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var settings = APISettings(version: "1.2.3")
    settings.largestImage = 32 << 20
    // A machine that stands still for a while changes nothing.
    (settings.defaultKeepAlive, settings.eventKeepAlive) = (3_600_000, 3_600_000)
    change(&settings)
    self.settings = settings
    var serviceSettings = ServiceSettings()
    serviceSettings.passwordCost = ScryptCost(logCost: 4, blockSize: 1, parallelism: 1)
    changeService(&serviceSettings)
    key = try .generate(.ed25519)
    catalog = try Catalog(path: "\(folder)/catalog.sqlite")
    service = try Self.service(catalog, folder, settings, serviceSettings, live, clock, log)
    try await service.load()
    try await service.admitOperator(token: Self.token, name: "ada")
  }

  private static func service(
    _ catalog: Catalog, _ folder: String, _ settings: APISettings, _ serviceSettings: ServiceSettings, _ live: LiveChannels,
    _ clock: TestClock, _ log: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws -> FirmwareService {
    FirmwareService(
      catalog: catalog,
      images: try ImageStore(
        root: folder, pool: pool, background: background, largestImage: settings.largestImage, hotBytes: 1 << 20),
      sealingKey: SealingKey(bytes: Array(repeating: 7, count: 32))!,
      live: live, settings: serviceSettings,
      log: log, clock: { clock.now })
  }

  /// A service that knows what is on the disk alone, as after a restart. The other one is not to be asked any more.
  func restarted() async throws -> FirmwareService {
    let live = LiveChannels(mostSubscriptions: 100)
    let again = try Self.service(catalog, folder, settings, ServiceSettings(), live, clock)
    try await again.load()
    return again
  }

  /// Closes the store: hundreds of them are open at a time, each with a dozen files. Not on this thread, which may be the
  /// catalog's own.
  deinit {
    DispatchQueue.global().async { [catalog, folder] in
      try? catalog.close()
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  /// Lets `body` send requests by one of the doors.
  func open<Value: Sendable>(_ door: Door, _ body: @escaping @Sendable (FrontDoor) async throws -> Value) async throws -> Value
  {
    try await application().test(door) { client in try await body(FrontDoor(client: client)) }
  }

  /// The service as it is put together to be served, on a connection of ours.
  /// - Parameter path: who may answer what both the router and the connection can.
  func application(_ path: AnswerPath = .both) -> ServedApplication {
    let router = APIRouter.make(service: service, settings: settings, isReady: { true }, metricsText: { "figures 1\n" })
    let responder = router.buildResponder()
    let answers = DirectAnswers(service: service, settings: settings)
    let direct = path == .routerOnly || path == .hotPathOnly ? nil : answers
    let hot = path == .both || path == .hotPathOnly ? HotAnswers(answers) : nil
    let nobody: HTTPChannelHandler.Responder = { _, _, _ in throw CancellationError() }
    let routed = RoutedRequests.responder(responder, log: ServedApplication.silence)
    let connections = FirmamentHTTP1Channel(
      responder: path == .connectionOnly || path == .hotPathOnly ? nobody : routed,
      live: LiveServing(responder: responder, channels: service.live), direct: direct, hot: hot, limits: limits,
      lenientLineEndings: false)
    return ServedApplication(responder: responder, connections: connections)
  }

  /// A model `lamp` that trusts the engineer.
  func createModel(_ name: String = "lamp", mcus: [String] = ["main"]) async throws {
    _ = try await service.createModel(name: name, mcus: mcus, numericVersions: false, confirmWithin: nil, by: "ada")
    _ = try await service.trustKey(pem: key.publicKey.pem, name: "engineer", for: name, by: "ada")
  }

  func store(_ bytes: [UInt8]) async throws -> ImageDigest {
    let digest = ImageDigest(bytes: SHA256Hasher.digest(of: bytes))!
    _ = try await service.storeImage(digest, continuingAt: 0, by: "op") { try await $0.append(ByteBuffer(bytes: bytes)) }
    return digest
  }

  /// What an engineer signs for an image: its digest, and the envelope as JSON.
  func envelope(
    of image: [UInt8], model: String = "lamp", mcu: String = "main", version: String, sequence: Int64
  ) throws -> (digest: ImageDigest, json: [UInt8]) {
    let digest = ImageDigest(bytes: SHA256Hasher.digest(of: image))!
    let manifest = FirmwareManifest(
      createdAt: Self.now, mcu: mcu, model: model, sequence: sequence, sha256: digest, size: Int64(image.count),
      version: version)
    return (digest, try SignedEnvelope.sign(manifest, with: key).jsonBytes)
  }

  /// Stores, signs, registers and publishes.
  @discardableResult
  func release(
    _ version: String, _ bytes: [UInt8], model: String = "lamp", mcu: String = "main", sequence: Int64 = 1, publish: Bool = true
  ) async throws -> Firmware {
    _ = try await store(bytes)
    let envelope = try envelope(of: bytes, model: model, mcu: mcu, version: version, sequence: sequence)
    return try await service.registerFirmware(envelope: envelope.json, publish: publish, by: "ada").firmware
  }

  /// Activates a thing.
  /// - Returns: its token.
  func activate(_ model: String = "lamp") async throws -> String {
    let code = try await service.createCodes(for: model, count: 1, by: "ada")[0].code
    return try await service.activateThing(code: code).secret
  }

  /// Registers a user.
  /// - Returns: the session's token.
  func user(_ email: String = "ada@example.com", app: String? = nil) async throws -> String {
    try await service.register(email: email, password: "a long password", app: app, address: "").token
  }

  func newestThing() async throws -> String {
    try await service.listThings(model: nil, PageRequest(limit: 1, after: nil)).entries[0].publicID
  }
}

/// Bytes that look like nothing, the same on every run.
func imageBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var random = SeededGenerator(seed: seed)
  let words = (0..<(count + 7) / 8).map { _ in random.next() }
  return words.withUnsafeBytes { Array($0.prefix(count)) }
}

/// What a client has in its hands.
struct FrontDoor: Sendable {
  let client: ServedClient

  func send(
    _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields = [:], body: [UInt8]? = nil
  ) async throws -> Answer {
    let response = try await client.executeRequest(
      uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) })
    return Answer(
      status: response.status.code, reason: response.status.reasonPhrase, headers: response.headers,
      bytes: Array(response.body.readableBytesView))
  }

  func get(_ path: String, _ headers: HTTPFields = [:]) async throws -> Answer { try await send(.get, path, headers) }

  func post(_ path: String, _ text: String) async throws -> Answer {
    try await send(.post, path, body: Array(text.utf8))
  }

  /// A request with a user's session.
  func ask(
    _ method: HTTPRequest.Method, _ path: String, as session: String, _ text: String? = nil
  ) async throws -> Answer {
    try await send(method, path, [.authorization: session], body: text.map { Array($0.utf8) })
  }

  /// A request with the operator's token.
  func operate(
    _ method: HTTPRequest.Method, _ path: String, _ text: String? = nil, _ headers: HTTPFields = [:]
  ) async throws -> Answer {
    var headers = headers
    headers[.authorization] = "Bearer \(TestService.token)"
    return try await send(method, path, headers, body: text.map { Array($0.utf8) })
  }
}

struct Answer: Sendable {
  let status: Int
  let reason: String
  let headers: HTTPFields
  let bytes: [UInt8]

  var text: String { String(decoding: bytes, as: UTF8.self) }
  var length: Int? { headers[.contentLength].flatMap(Int.init) }
  var type: String? { headers[.contentType] }

  /// The seconds that a poll is answered with; 0 where there are none.
  var retryAfter: Int {
    guard case .integer(let seconds)? = try? json()["retryAfter"] else { return 0 }
    return Int(seconds)
  }

  func json() throws -> JSONValue { try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) }

  /// Expects a problem (RFC 9457) with this status and code.
  func expectProblem(_ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(self.status == status, "\(text)", sourceLocation: sourceLocation)
    #expect(type == "application/problem+json", sourceLocation: sourceLocation)
    let problem = try json()
    #expect(problem["code"]?.text == code, "\(text)", sourceLocation: sourceLocation)
    #expect(problem["type"]?.text == "urn:firmament:problem:\(code)", sourceLocation: sourceLocation)
    #expect(problem["status"] == .integer(Int64(status)), sourceLocation: sourceLocation)
    #expect(problem["title"]?.text?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(problem["detail"]?.text?.isEmpty == false, sourceLocation: sourceLocation)
  }

  /// Expects exactly this error body of the thing-side API.
  func expectThingError(_ status: Int, _ message: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(self.status == status, sourceLocation: sourceLocation)
    #expect(
      text == #"{"status":"error","code":\#(status),"message":"\#(message)"}"#, sourceLocation: sourceLocation)
    #expect(type == "application/json", sourceLocation: sourceLocation)
    #expect(length == bytes.count, sourceLocation: sourceLocation)
  }
}
