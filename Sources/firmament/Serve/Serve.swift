import ArgumentParser
import Configuration
import Foundation
import SystemPackage

/// The service. Every option is also read from the environment (`FIRMAMENT_` and the option's name in capitals) and from a
/// configuration file in JSON; the command line wins, then the environment.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the service.",
    discussion: """
      Every option is also read from the environment (FIRMAMENT_STORE, FIRMAMENT_PUBLIC_URL, …) and from the JSON file that
      --config or FIRMAMENT_CONFIG names ({"store": "…", "publicUrl": "…"}). The command line wins, then the environment.
      """)

  @Option(help: "The folder that holds everything. (default: firmware-store)") var store: String?
  @Option(help: "The address to listen on. (default: 127.0.0.1)") var host: String?
  @Option(help: "The port to listen on; 0 takes a free one. (default: 8080)") var port: Int?
  @Option(help: "One more port, for things alone: it serves their side of /v2 and no logins.") var devicePort: Int?
  @Flag(help: "On the device port, take request lines and headers that end with a bare line feed.")
  var lenientLineEndings = false
  @Option(help: "Speak TLS with the certificates in this file (PEM): the server's, and those above it.")
  var tlsCertificate: String?
  @Option(help: "The private key of the certificate (PEM, RSA or P-256).") var tlsKey: String?
  @Option(help: "A file of certificates (PEM): clients that show one signed by them are the thing that it names.")
  var deviceCa: String?
  @Flag(help: "Speak plain HTTP on the device port all the same.") var plainDevicePort = false
  @Option(help: "The URL under which things reach the service, where that is another one.") var publicUrl: String?
  @Option(help: "The token that /metrics asks for. (default: none, everybody may read it)") var metricsToken: String?
  @Option(help: "The mail server: smtp://user:password@host:587 (STARTTLS), smtps:// (TLS) or smtp+plain:// (no TLS).")
  var smtpUrl: String?
  @Option(help: "The address that mails to users are from; needed with a mail server.") var mailFrom: String?
  @Option(help: "A file of certificates (PEM) that the mail server's must be signed by, instead of the system's.")
  var smtpCaFile: String?
  @Option(help: "The largest image in bytes. (default: 1073741824)") var largestImage: Int?
  @Option(help: "Whether users may register in any app they name. (default: until an operator creates an app)") var openApps:
    Bool?
  @Option(help: "Addresses of proxies whose X-Forwarded-For is believed, separated by commas. (default: none)")
  var trustedProxies: String?
  @Flag(help: "Let webhooks lead to this machine and its network.") var webhookPrivateAddresses = false
  @Flag(help: "For trials: run on a clock that is faster than real time. The store is good for nothing else afterwards.")
  var simulation = false
  @Option(help: "With --simulation: how many times faster, 1 to 100000. (default: 600)") var timeScale: Int?
  @Option(help: "A configuration file in JSON.") var config: String?

  private static let secrets: Set<String> = ["metricsToken", "smtpUrl"]

  func run() async throws {
    let configuration = try ServeConfiguration(try await reader())
    try await ServedApplication.run(configuration)
  }

  private func reader() async throws -> ConfigReader {
    var given: [AbsoluteConfigKey: ConfigValue] = [:]
    func put(_ key: String, _ value: String?) {
      if let value { given[AbsoluteConfigKey([key])] = ConfigValue(.string(value), isSecret: Self.secrets.contains(key)) }
    }
    put("store", store)
    put("host", host)
    put("port", port.map(String.init))
    put("devicePort", devicePort.map(String.init))
    put("lenientLineEndings", lenientLineEndings ? "true" : nil)
    put("tlsCertificate", tlsCertificate)
    put("tlsKey", tlsKey)
    put("deviceCa", deviceCa)
    put("plainDevicePort", plainDevicePort ? "true" : nil)
    put("publicUrl", publicUrl)
    put("metricsToken", metricsToken)
    put("smtpUrl", smtpUrl)
    put("mailFrom", mailFrom)
    put("smtpCaFile", smtpCaFile)
    put("largestImage", largestImage.map(String.init))
    put("openApps", openApps.map { $0 ? "true" : "false" })
    put("trustedProxies", trustedProxies)
    put("webhookPrivateAddresses", webhookPrivateAddresses ? "true" : nil)
    put("simulation", simulation ? "true" : nil)
    put("timeScale", timeScale.map(String.init))
    // An empty variable is one that is not set, and must not hide what the file says.
    let variables = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
    let environment = EnvironmentVariablesProvider(
      environmentVariables: variables,
      secretsSpecifier: .specific(["FIRMAMENT_METRICS_TOKEN", "FIRMAMENT_TOKEN", "FIRMAMENT_SMTP_URL"])
    ).prefixKeys(with: "firmament")
    var providers: [any ConfigProvider] = [InMemoryProvider(name: "arguments", values: given), environment]
    if let file = config ?? variables["FIRMAMENT_CONFIG"] {
      do {
        providers.append(try await FileProvider<JSONSnapshot>(filePath: .init(file)))
      } catch {
        throw CommandFailure("the configuration file \(file) cannot be read as JSON: \(error)")
      }
    }
    return ConfigReader(providers: providers)
  }
}
