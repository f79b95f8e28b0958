import APIContract
public import FirmwareService
public import Hummingbird

/// Every route of the service, put together: requests in, verbs called, responses out. No rules live here.
public enum APIRouter {
  /// - Parameters:
  ///   - isReady: whether requests may be served, for `/readyz`.
  ///   - metricsText: the figures, for `/metrics`.
  public static func make(
    service: FirmwareService, settings: APISettings, isReady: @escaping @Sendable () -> Bool,
    metricsText: @escaping @Sendable () -> String
  ) -> Router<APIContext> {
    let router = Router(context: APIContext.self)
    _ = addRoutes(to: router, service, settings, isReady, metricsText)
    return router
  }

  /// What devices need and nothing else, for a listener of their own: their side of `/v2`. Users do not log in there.
  public static func makeForDevices(service: FirmwareService, settings: APISettings) -> Router<APIContext> {
    let router = Router(context: APIContext.self)
    _ = addRoutes(
      to: router, service, settings, { true }, { "" }, serving: { $0.access == .things || $0.access == .controllers })
    return router
  }

  /// - Parameter serving: which endpoints are registered at all.
  /// - Returns: the ids of the endpoints that were registered.
  static func addRoutes(
    to router: Router<APIContext>, _ service: FirmwareService, _ settings: APISettings,
    _ isReady: @escaping @Sendable () -> Bool, _ metricsText: @escaping @Sendable () -> String,
    serving isServed: (Endpoint) -> Bool = { _ in true }
  ) -> [String] {
    let endpoints = Endpoints.all.filter(isServed)
    router.add(middleware: HeadAnswers())
    router.add(middleware: RequestFigures())
    router.add(middleware: CrossOrigin(endpoints: endpoints))
    router.add(middleware: CookieAnswers())
    router.add(middleware: ErrorAnswers(endpoints: endpoints))
    var table = RouteTable(
      router: router, operators: OperatorAuthentication(service: service, settings: settings),
      users: UserAuthentication(service: service), certificates: CertificateCheck(service: service),
      serving: Set(endpoints.map(\.id)))
    ServiceRoutes(settings: settings, isReady: isReady, metricsText: metricsText).add(to: &table)
    ModelRoutes(service: service, settings: settings).add(to: &table)
    ImageRoutes(service: service, settings: settings).add(to: &table)
    FirmwareRoutes(service: service, settings: settings).add(to: &table)
    CodeRoutes(service: service, settings: settings).add(to: &table)
    ThingCareRoutes(service: service, settings: settings).add(to: &table)
    HistoryRoutes(service: service).add(to: &table)
    ControllerRoutes(service: service).add(to: &table)
    MailRoutes(service: service).add(to: &table)
    WebhookRoutes(service: service, settings: settings).add(to: &table)
    RolloutEventRoutes(service: service, settings: settings).add(to: &table)
    StatusRoutes(service: service).add(to: &table)
    VersionSpreadRoutes(service: service).add(to: &table)
    RolloutRoutes(service: service, settings: settings).add(to: &table)
    OperatorRoutes(service: service, settings: settings).add(to: &table)
    OperatorSessionRoutes(service: service, settings: settings).add(to: &table)
    AppRoutes(service: service, settings: settings).add(to: &table)
    SessionRoutes(service: service, settings: settings).add(to: &table)
    SettingsRoutes(service: service, settings: settings).add(to: &table)
    ClassRoutes(service: service, settings: settings).add(to: &table)
    LinkRoutes(service: service, settings: settings).add(to: &table)
    MyResourceRoutes(service: service, settings: settings).add(to: &table)
    GrantRoutes(service: service, settings: settings).add(to: &table)
    ConfirmationRoutes(service: service).add(to: &table)
    ActivationRoute(service: service, settings: settings).add(to: &table)
    ResourceRoutes(service: service, settings: settings).add(to: &table)
    TagRoutes(service: service, settings: settings).add(to: &table)
    DateRoute(service: service).add(to: &table)
    PollRoute(service: service, settings: settings).add(to: &table)
    DownloadRoutes(service: service, settings: settings).add(to: &table)
    DDIRoutes(service: service, settings: settings).add(to: &table)
    ArtifactRoutes(service: service, settings: settings).add(to: &table)
    SWUpdateRoutes(service: service, settings: settings).add(to: &table)
    RAUCRoute(service: service, settings: settings).add(to: &table)
    ThingSubscriptionRoute(service: service, settings: settings).add(to: &table)
    return table.registered
  }
}
