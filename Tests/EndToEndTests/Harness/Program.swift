import Foundation
import TestSupport

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

  /// Seconds after which a program that has not ended is killed, so that no fault makes a test wait for ever.
  static let longest = 540.0

  /// Runs a program found on the path, or at an absolute one, to its end. What it reads is empty unless `input` says otherwise.
  static func run(
    _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
    input: Data = Data()
  ) async throws -> ProgramResult {
    try await StartedProgram(program, arguments, in: folder, environment: environment, input: input).result()
  }

  /// The absolute path of a program on the path.
  /// - Throws: `MissingProgram` with what to do.
  static func find(_ name: String) throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    guard let path = folders.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw MissingProgram(name: name)
    }
    return path
  }

  struct MissingProgram: Error, CustomStringConvertible {
    let name: String
    var description: String { "\(name) is not installed: scripts/test installs what the tests need, and runs them" }
  }
}

/// A program under way. It is killed when nobody holds it any more.
final class StartedProgram: Sendable {
  private let process: ChildProcess
  private let scratch: TemporaryFolder

  /// Starts a program found on the path, or at an absolute one.
  init(
    _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
    input: Data = Data()
  ) throws {
    scratch = try TemporaryFolder()
    try scratch.write(input, to: "in")
    for name in ["out", "err"] { try scratch.write(Data(), to: name) }
    let place = URL(fileURLWithPath: scratch.path)
    let (output, errors) = (place.appendingPathComponent("out"), place.appendingPathComponent("err"))
    process = try ChildProcess(
      program.hasPrefix("/") ? program : Program.find(program), arguments, in: folder,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      input: .file(FileHandle(forReadingFrom: place.appendingPathComponent("in"))),
      output: .file(FileHandle(forWritingTo: output)), errors: .file(FileHandle(forWritingTo: errors)))
  }

  var isRunning: Bool { process.isRunning }

  /// What it has written so far, to both of its outputs.
  var written: String { text("out") + text("err") }

  /// How many bytes that is.
  var writtenBytes: Int { sizeOfFile(scratch.path + "/out") + sizeOfFile(scratch.path + "/err") }

  func signal(_ number: Int32) { process.send(number) }

  /// Waits for the end, for as long as a program may take at most.
  func result() async -> ProgramResult {
    let limit = DispatchWorkItem { [weak self] in self?.signal(SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + Program.longest, execute: limit)
    let status = await process.ended()
    limit.cancel()
    return ProgramResult(status: status, output: text("out"), errors: text("err"))
  }

  private func text(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: scratch.path + "/" + name) ?? Data(), as: UTF8.self)
  }
}
