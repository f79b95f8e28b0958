import NIOCore
import Synchronization

/// The streams of one listener. No task belongs to a stream, so that one alone has to wait for all: else the server would have
/// nothing left to wait for, and end before their last bytes are out.
final class OpenStreams: Sendable {
  private let state = Mutex<(count: Int, ended: EventLoopPromise<Void>?)>((0, nil))

  /// - Returns: for the first of those that are open, the end of the last.
  func begin(on loop: any EventLoop) -> EventLoopFuture<Void>? {
    state.withLock { state in
      state.count += 1
      guard state.count == 1 else { return nil }
      let ended = loop.makePromise(of: Void.self)
      state.ended = ended
      return ended.futureResult
    }
  }

  func end() {
    let ended = state.withLock { state -> EventLoopPromise<Void>? in
      state.count -= 1
      guard state.count == 0 else { return nil }
      defer { state.ended = nil }
      return state.ended
    }
    ended?.succeed()
  }
}
