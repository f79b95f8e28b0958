import Foundation

/// A program run to its end.
struct ProgramResult: Sendable {
  let status: Int32
  let output: String
  let errors: String
}

/// Runs real programs: the executable under test, `curl`, `openssl`.
enum Program {
  /// The executable that was built together with these tests.
  static let firmament: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return (tests as NSString).deletingLastPathComponent + "/firmament"
  }()

  /// Runs a program found on the path, or at an absolute one, to its end. What it reads is empty unless `input` says otherwise.
  static func run(
    _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
    input: Data = Data()
  ) async throws -> ProgramResult {
    let scratch = try TemporaryFolder()
    try input.write(to: URL(fileURLWithPath: scratch.path + "/in"))
    for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: scratch.path + "/" + name, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program.hasPrefix("/") ? program : "/usr/bin/env")
    process.arguments = program.hasPrefix("/") ? arguments : [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.standardInput = FileHandle(forReadingAtPath: scratch.path + "/in")
    process.standardOutput = FileHandle(forWritingAtPath: scratch.path + "/out")
    process.standardError = FileHandle(forWritingAtPath: scratch.path + "/err")
    try await ended(process)
    func text(_ name: String) -> String {
      String(decoding: FileManager.default.contents(atPath: scratch.path + "/" + name) ?? Data(), as: UTF8.self)
    }
    return ProgramResult(status: process.terminationStatus, output: text("out"), errors: text("err"))
  }

  /// Starts a process and returns when it has ended, without holding a thread.
  private static func ended(_ process: Process) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
  }
}

/// A folder that is gone when nobody holds it any more.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "firmament-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file into the folder.
  /// - Returns: its path.
  @discardableResult func write(_ data: Data, to name: String) throws -> String {
    try data.write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}
