import Domain
import Glibc
import NIOPosix
import Testing

@testable import ImageStore

@Suite("Threads in the background") struct BackgroundThreadsTests {
  private struct Refusal: Error {}

  private static func niceness() -> CInt { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

  @Test func `let others go first, and those let nobody`() async throws {
    let threads = BackgroundThreads(count: 2)
    for _ in 0..<4 { #expect(try await threads.run { Self.niceness() } >= 10) }
    #expect(Self.niceness() < 10, "the priority is the thread's own")
    try threads.stop()
  }

  @Test func `tell what went wrong, and do nothing once they were stopped`() async throws {
    let threads = BackgroundThreads(count: 1)
    await #expect(throws: Refusal.self) { try await threads.run { throw Refusal() } }
    try threads.stop()
    await #expect(throws: (any Error).self) { try await threads.run {} }
  }

  @Test func `are where an image is looked at, and not where a device's bytes are read`() async throws {
    let test = try TestStore(hotBytes: 0)
    let digest = try await test.land([UInt8](repeating: 3, count: 5000))
    #expect(try await test.store.inspect(digest) { _ in Self.niceness() } >= 10)
    #expect(try await test.store.pool.runIfActive { Self.niceness() } < 10)
  }
}
