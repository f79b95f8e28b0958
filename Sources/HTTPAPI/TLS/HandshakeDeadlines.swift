import NIOCore

/// The handshakes of one event loop, oldest first, which is the order in which their time is over. One task looks after all:
/// each handshake with a task of its own would leave it behind, or have it searched for among those of every connection.
final class HandshakeDeadlines {
  private struct Entry {
    let deadline: NIODeadline
    weak var handler: SecureConnectionHandler?
  }

  private let loop: any EventLoop
  private let timeout: TimeAmount
  private var entries = CircularBuffer<Entry>()
  private var isLookedAt = false

  init(loop: any EventLoop, timeout: TimeAmount) {
    self.loop = loop
    self.timeout = timeout
  }

  func begin(_ handler: SecureConnectionHandler) {
    dropEnded()
    entries.append(Entry(deadline: loop.now + timeout, handler: handler))
    look()
  }

  private func dropEnded() {
    while let first = entries.first, first.handler?.isShaking != true { entries.removeFirst() }
  }

  private func look() {
    guard !isLookedAt, let first = entries.first else { return }
    isLookedAt = true
    loop.assumeIsolatedUnsafeUnchecked().scheduleTask(deadline: first.deadline) { self.giveUp() }
  }

  private func giveUp() {
    isLookedAt = false
    let now = loop.now
    dropEnded()
    while let first = entries.first, first.deadline <= now {
      entries.removeFirst()
      first.handler?.giveUp()
      dropEnded()
    }
    look()
  }
}
