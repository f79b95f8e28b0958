public import Hummingbird

/// What a request carries on its way through the middleware and the routes.
public struct APIContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// The operator whose token the request bears; empty on routes that need none.
  var operatorName = ""

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
  }
}
