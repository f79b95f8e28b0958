import Foundation
import Synchronization
import TestSupport
import Testing

/// The service as a user starts it: the real executable, a real store, a real socket on a free port.
final class RunningServer: Sendable {
  let store: String
  /// `http://127.0.0.1:PORT`
  let url: String
  /// The same of the device port; nil where there is none.
  let deviceURL: String?
  private let arguments: [String]
  private let environment: [String: String]
  /// A file with the CA that commands trust; nil for the system's.
  private let authority: String?
  private let process: ChildProcess
  private let errors: String

  struct StartFailure: Error, CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String
    var description: String { "the server did not start (status \(status)): \(output) \(errors)" }
  }

  /// Starts `firmament serve` and returns when it has printed its ready line.
  /// - Throws: `StartFailure` when it ends before.
  static func start(
    store: String, arguments: [String] = [], environment: [String: String] = [:], authority: String? = nil
  ) async throws -> RunningServer {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Result { try RunningServer(store, arguments, environment, authority) })
      }
    }
  }

  private init(_ store: String, _ arguments: [String], _ environment: [String: String], _ authority: String?) throws {
    self.authority = authority
    self.store = store
    self.arguments = arguments
    self.environment = environment
    errors = NSTemporaryDirectory() + "firmament-serve-" + UUID().uuidString + ".log"
    _ = FileManager.default.createFile(atPath: errors, contents: nil)
    let pipe = Pipe()
    let log = FileHandle(forWritingAtPath: errors)
    defer { try? log?.close() }
    process = try ChildProcess(
      Program.firmament, ["serve", "--store", store, "--port", "0"] + arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, output: .pipe(pipe),
      errors: log.map { .file($0) } ?? .inherited)
    var output = ""
    let lines = arguments.contains("--device-port") ? 2 : 1
    while output.count(where: { $0 == "\n" }) < lines {
      let piece = pipe.nextPiece()
      if piece.isEmpty { break }
      output += String(decoding: piece, as: UTF8.self)
    }
    let ready = "Firmament is listening on "
    guard let line = output.split(separator: "\n").first, line.hasPrefix(ready) else {
      let status = process.wait()
      let log = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
      throw StartFailure(status: status, output: output, errors: log)
    }
    url = String(line.dropFirst(ready.count))
    let devices = "Devices may also connect to "
    deviceURL = output.split(separator: "\n").first { $0.hasPrefix(devices) }.map { String($0.dropFirst(devices.count)) }
  }

  deinit { try? FileManager.default.removeItem(atPath: errors) }

  var processID: Int32 { process.processID }

  var port: UInt16 { url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

  /// The operator's token, as it lies in the store.
  var token: String {
    String(decoding: FileManager.default.contents(atPath: store + "/operator.token") ?? Data(), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// What the server has logged.
  var log: String { String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self) }

  /// Starts a server that has ended once more: on the same store, at the same address. Another test's client may have been given
  /// the port meanwhile as its own, for as long as its connection lives.
  func restarted() async throws -> RunningServer {
    var server: RunningServer?
    try await eventually("port \(port) is free once more") {
      do {
        server = try await RunningServer.start(
          store: store, arguments: arguments + ["--port", String(port)], environment: environment, authority: authority)
      } catch let failure as StartFailure where failure.errors.contains("Address already in use") {}
      return server != nil
    }
    return try #require(server)
  }

  /// Kills the process as a power cut would, and returns when it is gone.
  func killNow() async {
    sendSignal(SIGKILL)
    await ended()
  }

  /// Asks the process to end, and returns its exit status when it has.
  @discardableResult func terminate() async -> Int32 {
    sendSignal(SIGTERM)
    return await ended()
  }

  /// Sends a signal, if the process still runs, and does not wait for what comes of it.
  func sendSignal(_ number: Int32) { process.send(number) }

  /// Waits for the process to end.
  /// - Returns: its exit status; of a killed one, the number of the signal.
  @discardableResult func ended() async -> Int32 { await process.ended() }

  /// Runs a command of the executable against this server.
  func command(_ arguments: String..., in folder: String? = nil) async throws -> ProgramResult {
    try await command(arguments, in: folder)
  }

  /// The same with the arguments in an array.
  func command(_ arguments: [String], in folder: String? = nil) async throws -> ProgramResult {
    var environment = ["FIRMAMENT_URL": url, "FIRMAMENT_TOKEN": token]
    environment["FIRMAMENT_CA"] = authority
    return try await Program.run(Program.firmament, arguments, in: folder, environment: environment)
  }
}
