import NIOCore
import Synchronization

/// What the hot connections of one event loop have in common. It is used on that loop alone.
final class HotLoop {
  let sweep: ConnectionSweep
  var answers = ThreadAnswers()

  init(on loop: any EventLoop, limits: ConnectionLimits) { sweep = ConnectionSweep(on: loop, limits: limits) }
}

/// The loops of a listener.
final class HotLoops: Sendable {
  private let loops = Mutex<[ObjectIdentifier: NIOLoopBound<HotLoop>]>([:])
  private let limits: ConnectionLimits

  init(limits: ConnectionLimits) { self.limits = limits }

  /// That of an event loop; called on it.
  subscript(loop: any EventLoop) -> HotLoop {
    let bound = loops.withLock { loops in
      if let known = loops[ObjectIdentifier(loop)] { return known }
      let new = NIOLoopBound(HotLoop(on: loop, limits: limits), eventLoop: loop)
      loops[ObjectIdentifier(loop)] = new
      return new
    }
    return bound.value
  }
}
