import CSpawn
public import Foundation
import Synchronization

/// A program in a process of its own, started by `posix_spawn(3)` with no other files open than its three. It is killed when
/// nobody holds it any more.
///
/// Foundation's `Process` is not used: it asks which files are open, makes room for as many, and writes behind the end of that
/// where other threads have opened more meanwhile (swift-corelibs-foundation, pull request 5472). These tests have thousands.
public final class ChildProcess: Sendable {
  /// What a program reads from, or writes to.
  public enum Stream {
    /// Nothing is there to be read, and nobody reads what is written.
    case nothing
    case inherited
    case file(FileHandle)
    /// One end of it. The other one is for this process, which has no more of the first.
    case pipe(Pipe)
  }

  public struct Failure: Error, CustomStringConvertible {
    public let program: String
    public let errorNumber: Int32
    public var description: String { "\(program) cannot be started: \(String(cString: strerror(errorNumber)))" }
  }

  /// What the thread has that waits for the process.
  private final class Ending: Sendable {
    /// The exit status, of a killed process the number of the signal, -1 where nobody knows; nil before the end.
    let status = Mutex<Int32?>(nil)
    /// Left at the end.
    let group = DispatchGroup()
  }

  public let processID: Int32
  private let ending = Ending()

  /// Starts a program found on the path, or at an absolute one, with no signal blocked.
  /// - Parameters:
  ///   - environment: all of it; nil for that of this process.
  ///   - folder: where it works; nil for where this process does.
  /// - Throws: `Failure`.
  public init(
    _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String]? = nil,
    input: Stream = .nothing, output: Stream = .nothing, errors: Stream = .inherited
  ) throws {
    processID = try Self.spawn(program, arguments, folder, environment, [input, output, errors])
    if case .pipe(let pipe) = input { try pipe.fileHandleForReading.close() }
    for case .pipe(let pipe) in [output, errors] { try pipe.fileHandleForWriting.close() }
    ending.group.enter()
    Thread.detachNewThread { [processID, ending] in
      var information = siginfo_t()
      // The number stays its own until its status is taken.
      while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
      ending.status.withLock { status in
        var word: Int32 = 0
        var ended = waitpid(processID, &word, 0)
        while ended < 0 && errno == EINTR { ended = waitpid(processID, &word, 0) }
        // wait(2): seven bits have the signal, and where there was none, the next eight the status.
        status = ended != processID ? -1 : word & 0x7f == 0 ? word >> 8 & 0xff : word & 0x7f
      }
      ending.group.leave()
    }
  }

  deinit { send(SIGKILL) }

  public var isRunning: Bool { ending.status.withLock { $0 == nil } }

  /// Sends a signal, if the process still runs.
  public func send(_ signal: Int32) {
    ending.status.withLock { status in
      if status == nil { kill(processID, signal) }
    }
  }

  /// Blocks until the process has ended.
  /// - Returns: its exit status; of a killed one, the number of the signal.
  @discardableResult public func wait() -> Int32 {
    ending.group.wait()
    return ending.status.withLock { $0 ?? -1 }
  }

  /// The same without a thread that waits.
  @discardableResult public func ended() async -> Int32 {
    await withCheckedContinuation { continuation in
      ending.group.notify(queue: .global()) { continuation.resume() }
    }
    return wait()
  }

  private static func spawn(
    _ program: String, _ arguments: [String], _ folder: String?, _ environment: [String: String]?, _ streams: [Stream]
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in zip(Int32(0)..., streams) {
      switch stream {
      case .nothing: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
      case .inherited: break
      case .file(let file): posix_spawn_file_actions_adddup2(&actions, file.fileDescriptor, number)
      case .pipe(let pipe):
        let end = number == 0 ? pipe.fileHandleForReading : pipe.fileHandleForWriting
        posix_spawn_file_actions_adddup2(&actions, end.fileDescriptor, number)
      }
    }
    let refusal = firmament_spawn_apart(&actions, folder, 3)
    guard refusal == 0 else { throw Failure(program: program, errorNumber: refusal) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads of a test block most signals, and a program inherits that: one that waits for its children by a signal would
    // wait for ever.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] =
      (environment ?? ProcessInfo.processInfo.environment).map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + settings { free(text) } }
    var processID: pid_t = 0
    let problem = withExtendedLifetime(streams) {
      posix_spawnp(&processID, program, &actions, &attributes, &words, &settings)
    }
    guard problem == 0 else { throw Failure(program: program, errorNumber: problem) }
    return processID
  }
}
