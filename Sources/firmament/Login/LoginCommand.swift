import APIClient
import APIContract
import ArgumentParser
import Foundation

/// Saves a server and its token for this person, once the server has accepted it.
struct LoginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login", abstract: "Save the server and the operator token that later commands use.")

  @Option(help: "Address of the server.") var url: String
  @Option(help: "Operator token; - reads it from standard input, so that no list of processes shows it.") var token: String
  @Option(help: "For https: certificates (PEM) that the server's is signed by; else the system's.") var ca: String?
  @OptionGroup var output: OutputOptions

  struct Saved: TextRendering {
    let name: String
    let profile: String
    let url: String
    var text: String { "Logged in to \(url) as \(name); saved in \(profile)." }
  }

  func run() async throws {
    let address = try ServerAddress(url)
    let given = self.token == "-" ? readLine(strippingNewline: true) ?? "" : self.token
    let token = given.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw CommandFailure("that is no operator token: it stands in operator.token of the server's store")
    }
    // Later commands run in other folders.
    let ca = ca.map { URL(fileURLWithPath: $0).path }
    let trust = try ca.map { try ServerTrust(certificatesOf: $0) } ?? .system
    let person = try await ServerConnection.with(address, trust: trust) {
      try await OperatorClient($0, token: token).showOperator()
    }
    guard let path = SavedProfile.path(environment: ProcessInfo.processInfo.environment) else {
      throw CommandFailure("there is no home folder to save the profile in: set HOME or XDG_CONFIG_HOME")
    }
    try SavedProfile(url: address.description, token: token, ca: ca).save(to: path)
    try OutputRendering(json: output.json).write(
      Saved(name: person.name, profile: path, url: address.description))
  }
}
