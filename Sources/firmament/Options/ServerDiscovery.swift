import APIClient
import Foundation

/// Finds the server and the token: options, then environment, then the saved profile, then a store on the same machine.
struct ServerDiscovery {
  static let defaultAddress = "http://127.0.0.1:8080"
  static let defaultStore = "firmware-store"

  let environment: [String: String]
  /// The text of a file; nil where there is none. Throws where it may not be read.
  let read: (String) throws -> String?

  static var ofThisProcess: ServerDiscovery {
    ServerDiscovery(environment: ProcessInfo.processInfo.environment, read: Self.text(ofFile:))
  }

  /// A saved token is only given to the server that it belongs to, and one of a store here only to this machine.
  /// - Throws: `CommandFailure` when no token is found, `APIClientError` for a bad address.
  func find(url: String?, token: String?) throws -> (address: ServerAddress, token: String) {
    if let url = Self.line(url) ?? named("FIRMAMENT_URL"), let token = Self.line(token) ?? named("FIRMAMENT_TOKEN") {
      // Nothing else is looked at, so nothing else can be in the way.
      return (try ServerAddress(url), try checked(token))
    }
    let profile = try savedProfile()
    let store = named("FIRMAMENT_STORE") ?? Self.defaultStore
    let local = try ServerAddress(Self.line(try read("\(store)/server.url")) ?? Self.defaultAddress)
    let address = try (Self.line(url) ?? named("FIRMAMENT_URL") ?? profile?.url).map { try ServerAddress($0) } ?? local
    if let token = Self.line(token) ?? named("FIRMAMENT_TOKEN") { return (address, try checked(token)) }
    if let profile, try ServerAddress(profile.url) == address { return (address, try checked(profile.token)) }
    if address == local || address.isLoopback, let token = Self.line(try read("\(store)/operator.token")) {
      return (address, try checked(token))
    }
    throw CommandFailure(
      "no operator token for \(address): give --token or FIRMAMENT_TOKEN, run firmament login, or run this in the folder "
        + "that holds \(Self.defaultStore)")
  }

  /// By what a server proves that it is the one: the certificates of the file that is named, else those that were saved with
  /// it, else the system's. The server that announced itself in a store here, at an address of this computer, has to prove
  /// nothing: what is sent there never leaves the computer, and its certificate is for the name that others know it by.
  /// - Throws: `APIClientError` for a file without certificates.
  func trust(_ address: ServerAddress, ca: String?) throws -> ServerTrust {
    guard address.isSecure else { return .system }
    if let file = Self.line(ca) ?? named("FIRMAMENT_CA") { return try ServerTrust(certificatesOf: file) }
    if let profile = try savedProfile(), let file = profile.ca, try ServerAddress(profile.url) == address {
      return try ServerTrust(certificatesOf: file)
    }
    let store = named("FIRMAMENT_STORE") ?? Self.defaultStore
    guard address.isThisComputer, let announced = Self.line(try read("\(store)/server.url")) else { return .system }
    return try ServerAddress(announced) == address ? .unchecked : .system
  }

  /// Finds the server, does the work with a client for it, and closes its connections.
  func withClient<Result>(
    url: String?, token: String?, ca: String? = nil, limits: ServerConnection.Limits = .init(),
    _ work: (OperatorClient) async throws -> Result
  ) async throws -> Result {
    let found = try find(url: url, token: token)
    let trust = try trust(found.address, ca: ca)
    return try await ServerConnection.with(found.address, trust: trust, limits: limits) { connection in
      try await work(OperatorClient(connection, token: found.token))
    }
  }

  private func savedProfile() throws -> SavedProfile? {
    guard let path = SavedProfile.path(environment: environment), let text = try read(path) else { return nil }
    guard let profile = try? JSONDecoder().decode(SavedProfile.self, from: Data(text.utf8)) else {
      throw CommandFailure("\(path) is damaged: run firmament login again, or delete it")
    }
    return profile
  }

  private func named(_ name: String) -> String? { Self.line(environment[name]) }

  /// The text without blanks around it; nil when nothing is left.
  static func line(_ text: String?) -> String? {
    let text = text?.trimmingCharacters(in: .whitespacesAndNewlines)
    return text?.isEmpty == false ? text : nil
  }

  private func checked(_ token: String) throws -> String {
    guard token.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw CommandFailure("the operator token has characters that no token has: copy it again from operator.token")
    }
    return token
  }

  static func text(ofFile path: String) throws -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("\(path) cannot be read: run this as the user that owns it, or give --url and --token")
    }
    return String(decoding: data.prefix(64 << 10), as: UTF8.self)
  }
}
