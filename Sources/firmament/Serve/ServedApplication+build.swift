import Catalog
import Dashboard
import Domain
import FirmwareService
import Foundation
import HTTPAPI
import Hummingbird
import HummingbirdCore
import ImageStore
import LiveChannels
import Logging
import Mail
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Telemetry
import UnixSignals
import Webhooks

/// The one place where the service is put together: every room is made here and handed down. There are no globals and no
/// look-ups.
enum ServedApplication {
  /// Runs the service until it is told to stop, and leaves the store closed.
  static func run(_ configuration: ServeConfiguration) async throws {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var log = Logger(label: "firmament")
    log.logLevel = configuration.logLevel
    raiseFileLimit(log)
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)

    // Nothing that this process writes is for anybody else: rows and images are as secret as the tokens among them.
    umask(0o077)
    let folder = try StoreFolder(configuration.store, create: true)
    let simulation = try folder.clock(timeScale: configuration.timeScale, now: realTime())
    simulation?.run { [log] in log.error("the simulated clock stands still", metadata: ["error": "\($0)"]) }
    let mails = try configuration.mail.transport(outbox: folder.outbox)
    let sealingKey = try folder.sealingKey()
    let pool = NIOThreadPool(numberOfThreads: 4)
    pool.start()
    let (catalog, images) = try openStore(folder, configuration, pool)
    let service = FirmwareService(
      catalog: catalog, images: images, sealingKey: sealingKey,
      live: liveChannels(configuration), settings: configuration.service, log: log,
      clock: { simulation?.now() ?? realTime() }, fileClock: realTime)
    try await service.load()
    try await service.admitOperator(token: try folder.operatorToken(), name: "operator")

    do {
      try await serve(service, mails, folder, simulation, configuration, log, registry)
    } catch {
      try? close(catalog, folder, pool, simulation)
      throw failure(error, configuration)
    }
    try close(catalog, folder, pool, simulation)
  }

  @Sendable private static func realTime() -> Timestamp {
    Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
  }

  private static func liveChannels(_ configuration: ServeConfiguration) -> LiveChannels {
    let delivered = Counter(label: MetricNames.delivered)
    return LiveChannels(
      mostSubscriptions: configuration.mostSubscriptions, mostOfOwner: configuration.mostSubscriptionsOfOne,
      inboxBytes: configuration.loopQueueBytes,
      whenDelivered: { delivered.increment(by: $0) })
  }

  /// Takes all the open files that the system allows: each connection is one, and the usual 1,024 are few for a fleet.
  private static func raiseFileLimit(_ log: Logger) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
      log.warning("the number of open files could not be raised", metadata: ["limit": "\(limit.rlim_cur)"])
    }
  }

  private static func openStore(
    _ folder: StoreFolder, _ configuration: ServeConfiguration, _ pool: NIOThreadPool
  ) throws -> (Catalog, ImageStore) {
    do {
      return (
        try Catalog(path: folder.catalog),
        try ImageStore(
          root: folder.path, pool: pool, largestImage: configuration.settings.largestImage, hotBytes: configuration.hotImages)
      )
    } catch {
      throw CommandFailure("the store \(folder.path) cannot be opened: \(error)")
    }
  }

  private static func serve(
    _ service: FirmwareService, _ mails: any MailTransport, _ folder: StoreFolder, _ simulation: SimulatedClock?,
    _ configuration: ServeConfiguration, _ log: Logger, _ registry: PrometheusRegistry
  ) async throws {
    let readiness = Readiness()
    let router = APIRouter.make(
      service: service, settings: configuration.settings, isReady: { readiness.isReady }, metricsText: { registry.text() })
    DashboardRoutes.add(to: router)
    let listeners = Listeners(expected: configuration.devicePort == nil ? 1 : 2) { ports in
      readiness.begin()
      service.isListening(at: announce(ports, folder, simulation, configuration, log))
    }
    var services: [any Service] = [
      application(
        router, at: configuration.port, service, configuration, log, isLenient: false,
        services: background(service, mails, simulation, configuration), onPort: { listeners.began(.everything, port: $0) }
      )
    ]
    if let port = configuration.devicePort {
      // Behind the other, so that it is stopped first, with what records the fleet still at work.
      services.append(
        application(
          APIRouter.makeForDevices(service: service, settings: configuration.settings), at: port, service, configuration, log,
          isLenient: configuration.lenientLineEndings, onPort: { listeners.began(.devices, port: $0) }))
    }
    var group = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
    group.maximumGracefulShutdownDuration = .seconds(configuration.shutdownTimeout)
    try await ServiceGroup(configuration: group).run()
  }

  /// What works beside the requests, as often as the service's clock asks for.
  private static func background(
    _ service: FirmwareService, _ mails: any MailTransport, _ simulation: SimulatedClock?, _ configuration: ServeConfiguration
  ) -> [any Service] {
    func interval(_ seconds: Int) -> Duration { simulation?.interval(.seconds(seconds)) ?? .seconds(seconds) }
    return [
      FleetRecorder(service: service, interval: simulation == nil ? .milliseconds(500) : .milliseconds(100)),
      RolloutDriver(service: service, interval: interval(1), timeScale: simulation?.scale ?? 1),
      Sweep(service: service, interval: interval(5)),
      DigestCompletion(service: service),
      ValueRetention(service: service, interval: interval(600)),
      VersionSampler(service: service, interval: interval(600)),
      MailDelivery(service: service, transport: mails, timeScale: simulation?.scale ?? 1),
      WebhookWorker(
        service: service,
        transport: HTTPWebhookTransport(allowsPrivateAddresses: configuration.service.webhookPrivateAddresses)),
    ]
  }

  /// One listener with its routes.
  private static func application(
    _ router: Router<APIContext>, at port: Int, _ service: FirmwareService, _ configuration: ServeConfiguration, _ log: Logger,
    isLenient: Bool, services: [any Service] = [], onPort: @escaping @Sendable (Int) -> Void
  ) -> some Service {
    let responder = router.buildResponder()
    let live = LiveServing(responder: responder, channels: service.live)
    let direct = DirectAnswers(service: service, settings: configuration.settings)
    let limits = configuration.connections
    var frameworkLog = log
    frameworkLog.logLevel = max(log.logLevel, .notice)
    return Application(
      responder: responder,
      server: HTTPServerBuilder {
        FirmamentHTTP1Channel(responder: $0, live: live, direct: direct, limits: limits, lenientLineEndings: isLenient)
      },
      configuration: ApplicationConfiguration(address: .hostname(configuration.host, port: port), backlog: 4096),
      services: services, onServerRunning: { channel in onPort(channel.localAddress?.port ?? port) }, logger: frameworkLog)
  }

  /// - Returns: the address.
  private static func announce(
    _ ports: [Listeners.Kind: Int], _ folder: StoreFolder, _ simulation: SimulatedClock?,
    _ configuration: ServeConfiguration, _ log: Logger
  ) -> String {
    let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
    let url = "http://\(host):\(ports[.everything] ?? configuration.port)"
    do { try folder.announce(url) } catch {
      log.warning("commands on this machine will not find the server by themselves", metadata: ["error": "\(error)"])
    }
    let devices = ports[.devices].map { "Devices may also connect to http://\(host):\($0)\n" } ?? ""
    var pretence = ""
    if let simulation {
      pretence = "The clock is simulated: \(simulation.scale) times as fast as real time, now \(simulation.now().iso8601)\n"
      log.warning(
        "the clock is simulated, and this store can be served in no other way any more",
        metadata: ["timeScale": "\(simulation.scale)", "now": "\(simulation.now().iso8601)"])
    }
    StandardStream.output.write("Firmament is listening on \(url)\n\(devices)\(pretence)")
    return url
  }

  private static func close(
    _ catalog: Catalog, _ folder: StoreFolder, _ pool: NIOThreadPool, _ simulation: SimulatedClock?
  ) throws {
    folder.withdrawAnnouncement()
    try pool.syncShutdownGracefully()
    try catalog.close()
    try simulation?.stop()
  }

  private static func failure(_ error: any Error, _ configuration: ServeConfiguration) -> any Error {
    guard let error = error as? IOError else { return error }
    let place = "\(configuration.host) port \(configuration.port)" + (configuration.devicePort.map { " or \($0)" } ?? "")
    return CommandFailure("cannot listen on \(place): \(String(cString: strerror(error.errnoCode)))")
  }
}
