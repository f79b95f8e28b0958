import Glibc
import NIOPosix

/// Threads for work that may take its time, as the hashing of an image that is uploaded: the system lets everything else go
/// first, as what devices wait for (nice(2), which is each thread's own on Linux).
public final class BackgroundThreads: Sendable {
  /// How far behind: such a thread has a tenth of the time that another one has which wants the same processor.
  private static let niceness: CInt = 10

  private let pool: NIOThreadPool

  /// Starts them. They are stopped by `stop`.
  public init(count: Int) {
    pool = NIOThreadPool(numberOfThreads: count)
    pool.start()
  }

  /// Runs `work`, which may block, on one of them.
  /// - Throws: what `work` throws, or NIO's error once they were stopped.
  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await pool.runIfActive {
      // Of this thread; what it is already costs next to nothing.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
      return try work()
    }
  }

  /// Returns when what they were at is done.
  public func stop() throws { try pool.syncShutdownGracefully() }
}
