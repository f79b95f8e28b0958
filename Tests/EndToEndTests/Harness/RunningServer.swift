import Foundation
import Synchronization

/// The service as a user starts it: the real executable, a real store, a real socket on a free port.
final class RunningServer: Sendable {
  let store: String
  /// `http://127.0.0.1:PORT`
  let url: String
  private let process: Process
  private let errors: String
  private let ended: Mutex<Bool> = Mutex(false)

  struct StartFailure: Error, CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String
    var description: String { "the server did not start (status \(status)): \(output) \(errors)" }
  }

  /// Starts `firmament serve` and returns when it has printed its ready line.
  /// - Throws: `StartFailure` when it ends before.
  static func start(
    store: String, arguments: [String] = [], environment: [String: String] = [:]
  ) async throws -> RunningServer {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Result { try RunningServer(store, arguments, environment) })
      }
    }
  }

  private init(_ store: String, _ arguments: [String], _ environment: [String: String]) throws {
    self.store = store
    errors = NSTemporaryDirectory() + "firmament-serve-" + UUID().uuidString + ".log"
    _ = FileManager.default.createFile(atPath: errors, contents: nil)
    let pipe = Pipe()
    process = Process()
    process.executableURL = URL(fileURLWithPath: Program.firmament)
    process.arguments = ["serve", "--store", store, "--port", "0"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = pipe
    process.standardError = FileHandle(forWritingAtPath: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var output = ""
    while !output.contains("\n") {
      let piece = pipe.fileHandleForReading.availableData
      if piece.isEmpty { break }
      output += String(decoding: piece, as: UTF8.self)
    }
    let ready = "Firmament is listening on "
    guard let line = output.split(separator: "\n").first, line.hasPrefix(ready) else {
      process.waitUntilExit()
      let log = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
      throw StartFailure(status: process.terminationStatus, output: output, errors: log)
    }
    url = String(line.dropFirst(ready.count))
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: errors)
  }

  var processID: Int32 { process.processIdentifier }

  /// The operator's token, as it lies in the store.
  var token: String {
    String(decoding: FileManager.default.contents(atPath: store + "/operator.token") ?? Data(), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// What the server has logged.
  var log: String { String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self) }

  /// Kills the process as a power cut would, and returns when it is gone.
  func killNow() async { await signal(SIGKILL) }

  /// Asks the process to end, and returns its exit status when it has.
  @discardableResult func terminate() async -> Int32 {
    await signal(SIGTERM)
    return process.terminationStatus
  }

  private func signal(_ number: Int32) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [process] in
        kill(process.processIdentifier, number)
        process.waitUntilExit()
        continuation.resume()
      }
    }
  }

  /// Runs a command of the executable against this server.
  func command(_ arguments: String..., in folder: String? = nil) async throws -> ProgramResult {
    try await Program.run(
      Program.firmament, arguments, in: folder, environment: ["FIRMAMENT_URL": url, "FIRMAMENT_TOKEN": token])
  }
}
