import Dispatch
import Testing

@testable import FirmwareService

@Suite("The lock on what memory has of things") struct FleetLockTests {
  private struct Refusal: Error {}

  @Test func `one at a time has what it holds, and it is free after a failure`() {
    let lock = FleetLock((count: 0, isTaken: false))
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for step in 0..<2000 {
        do throws(Refusal) {
          try lock.withLock { state throws(Refusal) in
            guard !state.isTaken else { return }
            state.isTaken = true
            defer { state.isTaken = false }
            state.count += 1
            if step % 10 == 0 { throw Refusal() }
          }
        } catch {}
      }
    }
    #expect(lock.withLock { $0.count } == 16_000)
  }

  @Test func `what it holds goes with it`() {
    final class Held {}
    var lock: FleetLock? = FleetLock(Held())
    weak let held = lock?.withLock { $0 }
    #expect(held != nil)
    lock = nil
    #expect(held == nil)
  }
}
