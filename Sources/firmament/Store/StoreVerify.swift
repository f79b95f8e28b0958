import APIClient
import APIContract
import ArgumentParser
import Foundation

/// Hashes every image again and checks every row against it: through the server that runs, or on a stopped store.
struct StoreVerify: AsyncParsableCommand {
  /// How long a server may take to read its whole store, in seconds.
  static let longest: Int64 = 24 * 3600

  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Hash every image again and check every row against it; exits with 1 when not sound.")

  @Option(help: "The folder of a stopped store; else the running server is asked.") var store: String?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let result = try await verify()
    try OutputRendering(json: server.output.json).write(result)
    guard result.sound else {
      throw CommandFailure("the store is not sound: \(result.problems.count) problems; restore what they name from a backup")
    }
  }

  private func verify() async throws -> VerificationShape {
    guard let store else { return try await askServer(server.url, server.token) }
    guard FileManager.default.fileExists(atPath: "\(store)/catalog.sqlite") else {
      throw CommandFailure("there is no store in \(store): give the folder that firmament serve --store uses")
    }
    // A server that runs on this store wrote its address there; that of a killed one leads nowhere, or to another store's.
    if let url = ServerDiscovery.line(try ServerDiscovery.text(ofFile: "\(store)/server.url")),
      let token = ServerDiscovery.line(try ServerDiscovery.text(ofFile: "\(store)/operator.token"))
    {
      do {
        return try await askServer(server.url ?? url, server.token ?? token, store: store)
      } catch let error as APIClientError where [.cannotConnect, .tokenRefused, .unexpectedAnswer].contains(error.code) {}
    }
    return try await OfflineStore.verify(directory: store)
  }

  /// - Parameter store: where the server has announced itself; nil for the usual place.
  private func askServer(_ url: String?, _ token: String?, store: String? = nil) async throws -> VerificationShape {
    var environment = ProcessInfo.processInfo.environment
    if let store { environment["FIRMAMENT_STORE"] = store }
    let discovery = ServerDiscovery(environment: environment, read: ServerDiscovery.text(ofFile:))
    var limits = ServerConnection.Limits()
    limits.silence = Self.longest
    limits.call = Self.longest
    return try await discovery.withClient(url: url, token: token, ca: server.ca, limits: limits) {
      try await $0.verifyStore()
    }
  }
}
