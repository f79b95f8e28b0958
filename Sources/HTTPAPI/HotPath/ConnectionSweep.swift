import NIOCore

/// Looks at the connections of one event loop once a second, in place of a scheduled task for each of them. It is used on that
/// loop alone.
final class ConnectionSweep {
  private let loop: any EventLoop
  private let interval: TimeAmount
  private var connections: [HotPathHandler] = []
  private var isScheduled = false

  /// - Parameter limits: where they are shorter than some seconds, it looks more often.
  init(on loop: any EventLoop, limits: ConnectionLimits) {
    self.loop = loop
    let shortest = min(limits.idleTimeout, limits.writeTimeout)
    interval = max(.milliseconds(10), min(.seconds(1), .nanoseconds(shortest.nanoseconds / 4)))
  }

  func add(_ connection: HotPathHandler) {
    connection.place = connections.count
    connections.append(connection)
    schedule()
  }

  func remove(_ connection: HotPathHandler) {
    guard let place = connection.place else { return }
    connection.place = nil
    let last = connections.removeLast()
    guard last !== connection else { return }
    connections[place] = last
    last.place = place
  }

  private func schedule() {
    guard !isScheduled, !connections.isEmpty else { return }
    isScheduled = true
    loop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: interval) { self.sweep() }
  }

  private func sweep() {
    isScheduled = false
    let now = loop.now
    // From behind: one that is closed by it is replaced by one that was looked at.
    for index in connections.indices.reversed() where index < connections.count { connections[index].look(at: now) }
    schedule()
  }
}
