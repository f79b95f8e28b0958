public import Hummingbird

/// What a request carries on its way through the middleware and the routes.
public struct APIContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// The operator whose token the request bears; empty on routes that need none.
  var operatorName = ""
  /// Where a route puts a subscription; nil where the connection cannot become a stream.
  var live: LiveHandover?

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
  }
}
