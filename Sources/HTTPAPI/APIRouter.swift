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

  /// - Returns: the ids of the endpoints that were registered.
  static func addRoutes(
    to router: Router<APIContext>, _ service: FirmwareService, _ settings: APISettings,
    _ isReady: @escaping @Sendable () -> Bool, _ metricsText: @escaping @Sendable () -> String
  ) -> [String] {
    router.add(middleware: HeadAnswers())
    router.add(middleware: RequestFigures())
    router.add(middleware: ErrorAnswers())
    var table = RouteTable(
      router: router, operators: OperatorAuthentication(service: service), users: UserAuthentication(service: service))
    ServiceRoutes(settings: settings, isReady: isReady, metricsText: metricsText).add(to: &table)
    ModelRoutes(service: service, settings: settings).add(to: &table)
    ImageRoutes(service: service, settings: settings).add(to: &table)
    FirmwareRoutes(service: service, settings: settings).add(to: &table)
    CodeRoutes(service: service, settings: settings).add(to: &table)
    ThingCareRoutes(service: service, settings: settings).add(to: &table)
    StatusRoutes(service: service).add(to: &table)
    AppRoutes(service: service, settings: settings).add(to: &table)
    SessionRoutes(service: service, settings: settings).add(to: &table)
    SettingsRoutes(service: service, settings: settings).add(to: &table)
    ClassRoutes(service: service, settings: settings).add(to: &table)
    ActivationRoute(service: service, settings: settings).add(to: &table)
    ResourceRoutes(service: service, settings: settings).add(to: &table)
    PollRoute(service: service, settings: settings).add(to: &table)
    DownloadRoutes(service: service, settings: settings).add(to: &table)
    return table.registered
  }
}
