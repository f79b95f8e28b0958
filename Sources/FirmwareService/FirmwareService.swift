public import Catalog
public import Cryptography
public import Domain
public import ImageStore
public import LiveChannels
public import Logging
import Metrics
import Synchronization

/// What the service does, one verb a file. It knows nothing of HTTP: every door calls the same verbs.
///
/// Verbs take the time once, from the clock given here. What they change in memory they queue for the catalog under the same
/// lock, and what a caller will be told is waited for until it is on the disk.
public final class FirmwareService: Sendable {
  let catalog: Catalog
  let images: ImageStore
  let sealingKey: SealingKey
  let clock: @Sendable () -> Timestamp
  /// The clock that files get their times from.
  let fileClock: @Sendable () -> Timestamp
  let log: Logger
  let settings: ServiceSettings
  /// Who listens to what things write and users change.
  public let live: LiveChannels
  let releases = ReleaseIndex()
  let fleet: FleetTable
  let coverage = DownloadCoverage()
  let pace = RolloutPace()
  let speeds = DownloadSpeeds()
  let progress = CountChanges()
  let rolloutSignal = WakeSignal()
  let stageSignal = WakeSignal()
  /// Since when things could be heard, in milliseconds: whoever was not heard before that may have tried.
  let servingSince = Atomic<Int64>(.max)
  let figures = ServiceFigures()
  let fleetCounting = FleetCounting()
  let accounts: AccountState
  private let listening = Mutex("http://127.0.0.1:8080")
  private let thingTotal = Atomic(0)
  let operators = TokenTable<Operator>()
  let operatorSessions = TokenTable<OperatorSession>()
  let controllers = ControllerTable()
  let gateways = TokenTable<GatewayTokenOwner>()
  let gatewayLimit: GatewayLimit
  let mailSignal = WakeSignal()
  let webhookSignal = WakeSignal()
  let digestSignal = WakeSignal()

  /// Nothing is served before `load()` has returned.
  /// - Parameter fileClock: where it is another than `clock`: the one that files get their times from.
  public init(
    catalog: Catalog, images: ImageStore, sealingKey: SealingKey, live: LiveChannels = LiveChannels(),
    settings: ServiceSettings = ServiceSettings(), log: Logger, clock: @escaping @Sendable () -> Timestamp,
    fileClock: (@Sendable () -> Timestamp)? = nil
  ) {
    self.catalog = catalog
    self.images = images
    self.sealingKey = sealingKey
    self.live = live
    self.settings = settings
    self.clock = clock
    self.fileClock = fileClock ?? clock
    self.log = log
    fleet = FleetTable(catalog: catalog, releases: releases)
    accounts = AccountState(settings)
    gatewayLimit = GatewayLimit(settings)
    watchFailures()
  }

  /// The address that mails name, without a slash at the end.
  var address: String { settings.publicURL ?? listening.withLock { $0 } }

  /// The address under which things and users reach the service, with its path, without a slash at the end; nil where none is
  /// configured, and each reaches it at the address that they know.
  public var publicURL: String? { settings.publicURL }

  /// Tells where the service listens, for links where no public address is configured.
  public func isListening(at url: String) { listening.withLock { $0 = url } }

  /// Reads what polls need of models, firmware and operators.
  public func load() async throws {
    servingSince.store(clock().milliseconds, ordering: .relaxed)
    try await reloadReleases()
    try await reloadOperators()
    try await reloadGateways()
    try await reloadApps()
    countThings(try await thingCount())
  }

  /// Takes models, firmwares and rollouts anew from the catalog: after each change of them.
  func reloadReleases() async throws {
    try await translatingErrors {
      while true {
        let reading = releases.beginReading()
        let isTaken = releases.replace(
          reading: reading, models: try await catalog.models(), firmwares: try await catalog.firmwares(),
          rollouts: try await catalog.rollouts())
        if isTaken { break }
      }
    }
  }

  /// Keeps the number of things in the figures, without counting rows at each activation.
  func countThings(_ more: Int) {
    figures.things.record(thingTotal.add(more, ordering: .relaxed).newValue)
  }
}
