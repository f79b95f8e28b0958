import Domain
import Foundation
import TestSupport
import Testing

/// Runs the service on a new store for the length of `body`. Afterwards the store must be sound by the server's own account,
/// the server must end with 0 when asked to, and the stopped store must be sound too.
func withServer(
  _ arguments: [String] = [], environment: [String: String] = [:], store: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: (RunningServer) async throws -> Void
) async throws {
  let folder = try TemporaryFolder()
  let server = try await RunningServer.start(
    store: store ?? folder.path + "/store", arguments: arguments, environment: environment)
  try await body(server)
  try await expectSoundAndStop(server, sourceLocation: sourceLocation)
}

/// `firmament store verify` through the running server; then SIGTERM; then the same on the stopped store.
func expectSoundAndStop(_ server: RunningServer, sourceLocation: SourceLocation = #_sourceLocation) async throws {
  try await expectSound(server, sourceLocation: sourceLocation)
  #expect(await server.terminate() == 0, sourceLocation: sourceLocation)
  let offline = try await Program.run(Program.firmament, ["store", "verify", "--store", server.store, "--json"])
  expectSound(offline, sourceLocation)
}

func expectSound(_ server: RunningServer, sourceLocation: SourceLocation = #_sourceLocation) async throws {
  expectSound(try await server.command("store", "verify", "--json"), sourceLocation)
}

private func expectSound(_ result: ProgramResult, _ sourceLocation: SourceLocation) {
  let text = Comment(rawValue: "\(result.output) \(result.errors)")
  #expect(result.status == 0, text, sourceLocation: sourceLocation)
  let report = try? JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
  #expect(report?["sound"] == .bool(true), text, sourceLocation: sourceLocation)
  #expect(report?["problems"] == .array([]), text, sourceLocation: sourceLocation)
}
