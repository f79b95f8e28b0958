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
  let log: Logger
  let settings: ServiceSettings
  /// Who listens to what things write and users change.
  public let live: LiveChannels
  let releases = ReleaseIndex()
  let fleet: FleetTable
  let coverage = DownloadCoverage()
  let figures = ServiceFigures()
  let accounts: AccountState
  private let listening = Mutex("http://127.0.0.1:8080")
  private let thingTotal = Atomic(0)
  let operatorNames = Mutex<[[UInt8]: String]>([:])
  let mailSignal = MailSignal()

  /// Nothing is served before `load()` has returned.
  public init(
    catalog: Catalog, images: ImageStore, sealingKey: SealingKey, live: LiveChannels = LiveChannels(),
    settings: ServiceSettings = ServiceSettings(), log: Logger, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.catalog = catalog
    self.images = images
    self.sealingKey = sealingKey
    self.live = live
    self.settings = settings
    self.clock = clock
    self.log = log
    fleet = FleetTable(catalog: catalog)
    accounts = AccountState(settings)
  }

  /// The address that mails name, without a slash at the end.
  var address: String { settings.publicURL ?? listening.withLock { $0 } }

  /// Tells where the service listens, for links where no public address is configured.
  public func isListening(at url: String) { listening.withLock { $0 = url } }

  /// Reads what polls need of models, firmware and operators.
  public func load() async throws {
    try await reloadReleases()
    try await reloadOperators()
    try await reloadApps()
    countThings(try await thingCount())
  }

  /// Takes the models and firmwares anew from the catalog: after each change of them.
  func reloadReleases() async throws {
    try await translatingErrors {
      let reading = releases.beginReading()
      releases.replace(
        reading: reading, models: try await catalog.models(), firmwares: try await catalog.firmwares())
    }
  }

  /// Keeps the number of things in the figures, without counting rows at each activation.
  func countThings(_ more: Int) {
    figures.things.record(thingTotal.add(more, ordering: .relaxed).newValue)
  }

  func reloadOperators() async throws {
    let names = try await translatingErrors { try await catalog.operators() }
    operatorNames.withLock { $0 = names }
  }
}
