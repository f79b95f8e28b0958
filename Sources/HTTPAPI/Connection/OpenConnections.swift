import NIOCore
import Synchronization

/// The connections of one listener that have not ended, with the tasks of those that have one.
final class OpenConnections: Sendable {
  private struct Connection {
    let channel: any Channel
    var isOpen = true
    /// What the framework does for it.
    var task: Task<Void, Never>?
  }

  private enum Phase {
    case serving
    /// Each connection ends after what is under way on it.
    case quiescing
    case closing
  }

  private struct State {
    var phase = Phase.serving
    var connections: [ObjectIdentifier: Connection] = [:]
    /// Connections that are on their way to their event loop.
    var expected = 0
    var whenAllEnded: CheckedContinuation<Void, Never>?

    var isEmpty: Bool { connections.isEmpty && expected == 0 }
  }

  private let state = Mutex(State())

  /// Counts a connection that is going to be added, or to be given up.
  func expect() { state.withLock { $0.expected += 1 } }

  /// What was expected has been added, or does not come.
  func expectedCame() { endIfAll { $0.expected -= 1 } }

  /// Adds a connection that has just begun. To be called on its event loop.
  func add(_ channel: any Channel) {
    let phase = state.withLock { state in
      state.connections[ObjectIdentifier(channel)] = Connection(channel: channel)
      return state.phase
    }
    channel.closeFuture.whenComplete { _ in self.change(channel) { $0.isOpen = false } }
    switch phase {
    case .serving: break
    // Behind what has been read of it already.
    case .quiescing: channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    case .closing: channel.close(promise: nil)
    }
  }

  /// Begins the task of a connection, which may have been closed already.
  func begin(on channel: any Channel, _ work: @escaping @Sendable () async -> Void) {
    // Under the lock, so that no task can end before it is known.
    state.withLock { state in
      let task = Task {
        await work()
        change(channel) { $0.task = nil }
      }
      state.connections[ObjectIdentifier(channel), default: Connection(channel: channel, isOpen: false)].task = task
      if state.phase == .closing { task.cancel() }
    }
  }

  private func change(_ channel: any Channel, _ change: (inout Connection) -> Void) {
    endIfAll { state in
      let key = ObjectIdentifier(channel)
      guard var connection = state.connections[key] else { return }
      change(&connection)
      state.connections[key] = connection.isOpen || connection.task != nil ? connection : nil
    }
  }

  private func endIfAll(_ change: (inout State) -> Void) {
    let allEnded = state.withLock { state -> CheckedContinuation<Void, Never>? in
      change(&state)
      return state.isEmpty ? state.whenAllEnded.take() : nil
    }
    allEnded?.resume()
  }

  /// Ends each connection after what is under way on it: most of them at once.
  func quiesce() {
    let channels = state.withLock { state in
      if state.phase == .serving { state.phase = .quiescing }
      return state.connections.values.map(\.channel)
    }
    for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
  }

  /// Closes all connections, whatever is under way on them.
  func closeAll() {
    let connections = state.withLock { state in
      state.phase = .closing
      return Array(state.connections.values)
    }
    for connection in connections {
      connection.task?.cancel()
      connection.channel.close(promise: nil)
    }
  }

  /// Returns when no connection is left. It may be waited for once.
  func allEnded() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        if !state.isEmpty { state.whenAllEnded = continuation }
        return state.isEmpty
      }
      if hasEnded { continuation.resume() }
    }
  }
}
