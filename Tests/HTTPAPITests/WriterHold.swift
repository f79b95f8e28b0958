import Dispatch

@testable import Catalog

/// Keeps the store's one writer busy inside a transaction: what is queued meanwhile waits.
struct WriterHold: Sendable {
  private let entered = DispatchSemaphore(value: 0)
  private let gate = DispatchSemaphore(value: 0)
  private let catalog: Catalog

  /// Queues itself behind what waits.
  init(_ catalog: Catalog) {
    self.catalog = catalog
    _ = catalog.enqueue { [entered, gate] _ in
      entered.signal()
      // A test that has failed meanwhile does not end it.
      _ = gate.wait(timeout: .now() + 240)
    }
  }

  /// Returns when the writer is held.
  func begun() async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [entered] in
        entered.wait()
        continuation.resume()
      }
    }
  }

  /// Returns when so many changes wait behind.
  func waiting(_ count: Int) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while catalog.waitingChanges < count {
      guard ContinuousClock.now < end else { throw CancellationError() }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  func end() { gate.signal() }
}
