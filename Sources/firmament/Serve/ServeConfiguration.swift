import Configuration
import FirmwareService
import Foundation
import HTTPAPI
import LiveChannels
import Logging

/// What the service is told, from wherever it was told: names, defaults and checks in one place.
struct ServeConfiguration: Sendable {
  let store: String
  let host: String
  let port: Int
  /// The port for things alone; nil where there is none.
  let devicePort: Int?
  /// Whether request heads may end their lines with bare line feeds there.
  let lenientLineEndings: Bool
  let tls: TLSSettings
  /// Nil where things reach the service at the address that it listens on.
  let publicURL: URL?
  let logLevel: Logger.Level
  /// Bytes of images that may be held in memory.
  let hotImages: Int
  let settings: APISettings
  let service: ServiceSettings
  let connections: ConnectionLimits
  /// How long a shutdown waits for what is in flight, in seconds.
  let shutdownTimeout: Int64
  let mail: MailConfiguration
  /// The subscriptions that may be open at once.
  let mostSubscriptions: Int
  /// And by one token or session; nil for a share of these.
  let mostSubscriptionsOfOne: Int?
  /// The bytes of messages that may wait for one event loop.
  let loopQueueBytes: Int
  /// How many times faster than real time the service's clock runs; nil for the real clock.
  let timeScale: Int?

  init(_ reader: ConfigReader) throws {
    let values = ConfiguredValues(reader: reader)
    store = values.text("store") ?? "firmware-store"
    host = values.text("host") ?? "127.0.0.1"
    port = try values.number("port", 0...65535) ?? 8080
    devicePort = try values.number("devicePort", 0...65535)
    lenientLineEndings = try values.flag("lenientLineEndings") ?? false
    guard devicePort != nil || !lenientLineEndings else {
      throw CommandFailure("lenientLineEndings: is for the device port alone, and needs one: give --device-port")
    }
    tls = try TLSSettings(values, hasDevicePort: devicePort != nil)
    publicURL = try values.text("publicUrl").map { text in
      guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host?.isEmpty == false else {
        throw CommandFailure("publicUrl: \(text) is no http or https URL")
      }
      return url
    }
    guard let level = Logger.Level(rawValue: values.text("logLevel") ?? "info") else {
      throw CommandFailure("logLevel: one of trace, debug, info, notice, warning, error, critical is needed")
    }
    logLevel = level
    hotImages = try values.number("hotImages", 0...Int.max) ?? 256 << 20
    var settings = APISettings(version: Firmament.version)
    let publicPath = publicURL?.path(percentEncoded: true) ?? ""
    settings.publicPath = publicPath.hasSuffix("/") ? String(publicPath.dropLast()) : publicPath
    settings.metricsToken = values.text("metricsToken")
    settings.largestImage = try values.number("largestImage", 1...Int.max).map(Int64.init) ?? settings.largestImage
    settings.largestOperatorBody = try values.number("largestOperatorBody", 1024...1 << 30) ?? settings.largestOperatorBody
    settings.largestThingBody = try values.number("largestThingBody", 256...1 << 30) ?? settings.largestThingBody
    settings.deepestJSON = try values.number("deepestJson", 4...200) ?? settings.deepestJSON
    settings.mostRanges = try values.number("mostRanges", 1...1000) ?? settings.mostRanges
    settings.trustedProxies = Set(values.list("trustedProxies") ?? [])
    settings.smallestKeepAlive =
      try values.number("smallestKeepAlive", 10...3_600_000).map(Int64.init) ?? settings.smallestKeepAlive
    self.settings = settings
    service = try Self.serviceSettings(values, settings)
    var connections = ConnectionLimits()
    connections.handshakeTimeout = try values.seconds("handshakeTimeout") ?? connections.handshakeTimeout
    connections.headTimeout = try values.seconds("headTimeout") ?? connections.headTimeout
    connections.idleTimeout = try values.seconds("idleTimeout") ?? connections.idleTimeout
    connections.bodyTimeout = try values.seconds("bodyTimeout") ?? connections.bodyTimeout
    connections.writeTimeout = try values.seconds("writeTimeout") ?? connections.writeTimeout
    connections.subscriberQueueBytes =
      try values.number("subscriberQueue", 1024...1 << 30) ?? connections.subscriberQueueBytes
    self.connections = connections
    shutdownTimeout = try values.number("shutdownTimeout", 1...86_400).map(Int64.init) ?? 10
    mostSubscriptions = try values.number("mostSubscriptions", 0...1_000_000) ?? LiveChannels.defaultMostSubscriptions
    mostSubscriptionsOfOne = try values.number("mostSubscriptionsOfOne", 0...1_000_000)
    loopQueueBytes = try values.number("loopQueue", 1024...1 << 40) ?? LiveChannels.defaultInboxBytes
    mail = try MailConfiguration(values)
    timeScale = try Self.timeScale(values)
  }

  private static func timeScale(_ values: ConfiguredValues) throws -> Int? {
    let scale = try values.number("timeScale", SimulatedClock.scales)
    if try values.flag("simulation") ?? false { return scale ?? SimulatedClock.defaultScale }
    guard scale == nil else {
      throw CommandFailure("timeScale: is for a simulation alone, which nothing real may depend on: give --simulation, too")
    }
    return nil
  }

  private static func serviceSettings(_ values: ConfiguredValues, _ settings: APISettings) throws -> ServiceSettings {
    var service = ServiceSettings()
    service.publicURL = values.text("publicUrl").map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    service.openApps = try values.flag("openApps")
    service.sessionSeconds = try values.number("sessionSeconds", 60...315_360_000).map(Int64.init) ?? service.sessionSeconds
    service.operatorSessionSeconds =
      try values.number("operatorSessionSeconds", 60...2_592_000).map(Int64.init) ?? service.operatorSessionSeconds
    service.largestSettings = try values.number("largestSettings", 256...1 << 30) ?? service.largestSettings
    service.largestObject = settings.largestThingBody
    service.mostObjects = try values.number("mostObjects", 1...10_000_000) ?? service.mostObjects
    service.versionHistoryDays =
      try values.number("versionHistoryDays", 1...36_500).map(Int64.init) ?? service.versionHistoryDays
    service.webhookPrivateAddresses = try values.flag("webhookPrivateAddresses") ?? false
    return service
  }
}
