import Catalog
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

/// The one place where the service is put together: every room is made here and handed down. There are no globals and no
/// look-ups.
enum ServedApplication {
  /// How long a shutdown waits for what is in flight, in seconds.
  static let longestShutdown: Int64 = 10

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
    let mails = try configuration.mail.transport(outbox: folder.outbox)
    let sealingKey = try folder.sealingKey()
    let pool = NIOThreadPool(numberOfThreads: 4)
    pool.start()
    let (catalog, images) = try openStore(folder, configuration, pool)
    let service = FirmwareService(
      catalog: catalog, images: images, sealingKey: sealingKey,
      live: liveChannels(configuration), settings: configuration.service, log: log,
      clock: { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) })
    try await service.load()
    try await service.admitOperator(token: try folder.operatorToken(), name: "operator")

    do {
      try await serve(service, mails, folder, configuration, log, registry)
    } catch {
      try? close(catalog, folder, pool)
      throw failure(error, configuration)
    }
    try close(catalog, folder, pool)
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
    _ service: FirmwareService, _ mails: any MailTransport, _ folder: StoreFolder, _ configuration: ServeConfiguration,
    _ log: Logger, _ registry: PrometheusRegistry
  ) async throws {
    let readiness = Readiness()
    let router = APIRouter.make(
      service: service, settings: configuration.settings, isReady: { readiness.isReady }, metricsText: { registry.text() })
    let listeners = Listeners(expected: configuration.devicePort == nil ? 1 : 2) { ports in
      readiness.begin()
      service.isListening(at: announce(ports, folder, configuration, log))
    }
    var services: [any Service] = [
      application(
        router, at: configuration.port, service, configuration, log, isLenient: false,
        services: [
          FleetRecorder(service: service), Sweep(service: service), ValueRetention(service: service),
          MailDelivery(service: service, transport: mails),
        ], onPort: { listeners.began(.everything, port: $0) }
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
    group.maximumGracefulShutdownDuration = .seconds(longestShutdown)
    try await ServiceGroup(configuration: group).run()
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
    _ ports: [Listeners.Kind: Int], _ folder: StoreFolder, _ configuration: ServeConfiguration, _ log: Logger
  ) -> String {
    let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
    let url = "http://\(host):\(ports[.everything] ?? configuration.port)"
    do { try folder.announce(url) } catch {
      log.warning("commands on this machine will not find the server by themselves", metadata: ["error": "\(error)"])
    }
    let devices = ports[.devices].map { "Devices may also connect to http://\(host):\($0)\n" } ?? ""
    StandardStream.output.write("Firmament is listening on \(url)\n\(devices)")
    return url
  }

  private static func close(_ catalog: Catalog, _ folder: StoreFolder, _ pool: NIOThreadPool) throws {
    folder.withdrawAnnouncement()
    try pool.syncShutdownGracefully()
    try catalog.close()
  }

  private static func failure(_ error: any Error, _ configuration: ServeConfiguration) -> any Error {
    guard let error = error as? IOError else { return error }
    let place = "\(configuration.host) port \(configuration.port)" + (configuration.devicePort.map { " or \($0)" } ?? "")
    return CommandFailure("cannot listen on \(place): \(String(cString: strerror(error.errnoCode)))")
  }
}
