import CLinux
import Catalog
import Dashboard
import Domain
import FirmwareService
import Foundation
import HTTPAPI
import Hummingbird
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

    let tls = try configuration.tls.identity(handshakeTimeout: configuration.connections.handshakeTimeout, log)
    // Nothing that this process writes is for anybody else: rows and images are as secret as the tokens among them.
    umask(0o077)
    let folder = try StoreFolder(configuration.store, create: true)
    let simulation = try folder.clock(timeScale: configuration.timeScale, now: realTime())
    simulation?.run { [log] in log.error("the simulated clock stands still", metadata: ["error": "\($0)"]) }
    let mails = try configuration.mail.transport(outbox: folder.outbox)
    let sealingKey = try folder.sealingKey()
    let pool = NIOThreadPool(numberOfThreads: 4)
    pool.start()
    let background = BackgroundThreads(count: 2)
    let (catalog, images) = try openStore(folder, configuration, pool, background)
    let service = FirmwareService(
      catalog: catalog, images: images, sealingKey: sealingKey,
      live: liveChannels(configuration), settings: configuration.service, log: log,
      clock: { simulation?.now() ?? realTime() }, fileClock: realTime)
    try await service.load()
    try await service.admitOperator(token: try folder.operatorToken(), name: "operator")

    do {
      try await serve(service, mails, folder, simulation, configuration, tls, log, registry)
    } catch {
      try? close(catalog, folder, pool, background, simulation)
      throw failure(error, configuration)
    }
    try close(catalog, folder, pool, background, simulation)
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
    _ folder: StoreFolder, _ configuration: ServeConfiguration, _ pool: NIOThreadPool, _ background: BackgroundThreads
  ) throws -> (Catalog, ImageStore) {
    do {
      return (
        try Catalog(path: folder.catalog),
        try ImageStore(
          root: folder.path, pool: pool, background: background, largestImage: configuration.settings.largestImage,
          hotBytes: configuration.hotImages)
      )
    } catch {
      throw CommandFailure("the store \(folder.path) cannot be opened: \(error)")
    }
  }

  private static func serve(
    _ service: FirmwareService, _ mails: any MailTransport, _ folder: StoreFolder, _ simulation: SimulatedClock?,
    _ configuration: ServeConfiguration, _ tls: TLSIdentity?, _ log: Logger, _ registry: PrometheusRegistry
  ) async throws {
    let readiness = Readiness()
    let router = APIRouter.make(
      service: service, settings: configuration.settings, isReady: { readiness.isReady }, metricsText: { registry.text() })
    DashboardRoutes.add(to: router)
    let listeners = Listeners(expected: configuration.devicePort == nil ? 1 : 2) { ports in
      readiness.begin()
      service.isListening(at: announce(ports, folder, simulation, configuration, log))
      // Most of what it took to start is never needed again.
      firmament_give_memory_back()
    }
    // The last is stopped first: what records the fleet is still at work until the last connection has ended.
    var services = background(service, mails, simulation, configuration)
    if let tls { services.append(CertificateWatch(identity: tls, log: log)) }
    services.append(
      listener(
        router, at: configuration.port, service, configuration, tls, log, isLenient: false,
        whenListening: { listeners.began(.everything, port: $0) }))
    if let port = configuration.devicePort {
      services.append(
        listener(
          APIRouter.makeForDevices(service: service, settings: configuration.settings), at: port, service, configuration,
          configuration.tls.plainDevicePort ? nil : tls, log, isLenient: configuration.lenientLineEndings,
          whenListening: { listeners.began(.devices, port: $0) }))
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
      FleetRecorder(
        service: service, interval: simulation == nil ? .milliseconds(500) : .milliseconds(100), times: interval(60)),
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
  private static func listener(
    _ router: Router<APIContext>, at port: Int, _ service: FirmwareService, _ configuration: ServeConfiguration,
    _ tls: TLSIdentity?, _ log: Logger, isLenient: Bool, whenListening: @escaping @Sendable (Int) -> Void
  ) -> HTTPListener {
    let responder = router.buildResponder()
    var frameworkLog = log
    frameworkLog.logLevel = max(log.logLevel, .notice)
    let connections = FirmamentHTTP1Channel(
      responder: RoutedRequests.responder(responder, log: frameworkLog),
      live: LiveServing(responder: responder, channels: service.live),
      direct: DirectAnswers(service: service, settings: configuration.settings),
      limits: configuration.connections, lenientLineEndings: isLenient)
    return HTTPListener(
      connections: connections, host: configuration.host, port: port, tls: tls, log: frameworkLog,
      whenListening: whenListening)
  }

  /// - Returns: the address.
  private static func announce(
    _ ports: [Listeners.Kind: Int], _ folder: StoreFolder, _ simulation: SimulatedClock?,
    _ configuration: ServeConfiguration, _ log: Logger
  ) -> String {
    let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
    let scheme = configuration.tls.files == nil ? "http" : "https"
    let url = "\(scheme)://\(host):\(ports[.everything] ?? configuration.port)"
    do { try folder.announce(url) } catch {
      log.warning("commands on this machine will not find the server by themselves", metadata: ["error": "\(error)"])
    }
    let deviceScheme = configuration.tls.plainDevicePort ? "http" : scheme
    let devices = ports[.devices].map { "Devices may also connect to \(deviceScheme)://\(host):\($0)\n" } ?? ""
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
    _ catalog: Catalog, _ folder: StoreFolder, _ pool: NIOThreadPool, _ background: BackgroundThreads,
    _ simulation: SimulatedClock?
  ) throws {
    folder.withdrawAnnouncement()
    try background.stop()
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
