/// What the faces need to know of the configuration.
public struct APISettings: Sendable {
  /// The version of the program, for the OpenAPI document.
  public var version: String
  /// The path under which the service is reached from outside, without a slash at the end: of the public URL. Empty by default.
  public var publicPath: String
  /// The token that `/metrics` asks for; nil lets everybody read it.
  public var metricsToken: String?
  /// The largest JSON body of an operator's request, in bytes.
  public var largestOperatorBody: Int
  /// The largest body of a thing's request, in bytes.
  public var largestThingBody: Int
  /// The largest image, in bytes.
  public var largestImage: Int64
  /// How deep a JSON body may be nested.
  public var deepestJSON: Int
  /// The most ranges in one request; with more, the whole image is sent.
  public var mostRanges: Int
  /// The addresses of proxies whose `X-Forwarded-For`, `Forwarded` and the like are believed.
  public var trustedProxies: Set<String>

  /// The `keepAlive` of a subscription that says nothing, in milliseconds.
  public var defaultKeepAlive: Int64 = 60_000
  /// The smallest `keepAlive`, in milliseconds; what is smaller is taken for it.
  public var smallestKeepAlive: Int64 = 100
  /// How long a stream of an operator's events may be silent, in milliseconds: less than what proxies bear.
  public var eventKeepAlive: Int64 = 15_000

  public init(
    version: String, publicPath: String = "", metricsToken: String? = nil, largestOperatorBody: Int = 4 * 1024 * 1024,
    largestThingBody: Int = 256 * 1024, largestImage: Int64 = 1 << 30,
    deepestJSON: Int = 32, mostRanges: Int = 16,
    trustedProxies: Set<String> = []
  ) {
    self.version = version
    self.publicPath = publicPath
    self.metricsToken = metricsToken
    self.largestOperatorBody = largestOperatorBody
    self.largestThingBody = largestThingBody
    self.largestImage = largestImage
    self.deepestJSON = deepestJSON
    self.mostRanges = mostRanges
    self.trustedProxies = trustedProxies
  }
}
