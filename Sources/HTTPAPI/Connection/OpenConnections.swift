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
    var whenAllEnded: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Adds a connection that has just begun. To be called on its event loop.
  func add(_ channel: any Channel) {
    let phase = state.withLock { state in
      state.connections[ObjectIdentifier(channel)] = Connection(channel: channel)
      return state.phase
    }
    channel.closeFuture.whenComplete { _ in self.change(channel) { $0.isOpen = false } }
    switch phase {
    case .serving: break
    case .quiescing: channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
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
    let allEnded = state.withLock { state -> CheckedContinuation<Void, Never>? in
      let key = ObjectIdentifier(channel)
      guard var connection = state.connections[key] else { return nil }
      change(&connection)
      guard !connection.isOpen, connection.task == nil else {
        state.connections[key] = connection
        return nil
      }
      state.connections[key] = nil
      guard state.connections.isEmpty else { return nil }
      return state.whenAllEnded.take()
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
        if !state.connections.isEmpty { state.whenAllEnded = continuation }
        return state.connections.isEmpty
      }
      if hasEnded { continuation.resume() }
    }
  }
}
