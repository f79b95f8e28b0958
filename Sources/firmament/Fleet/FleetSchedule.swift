import Synchronization

/// The things that wait for their next moment, earliest first. A thing that is taken out is in nobody else's hands until it is
/// put back.
final class FleetSchedule: Sendable {
  private struct State {
    /// A binary heap.
    var heap: [(moment: Double, place: Int)] = []
    var things: [SimulatedThing?]
  }

  private let state: Mutex<State>

  init(_ things: [SimulatedThing]) {
    state = Mutex(State(heap: things.indices.map { (0, $0) }, things: things))
  }

  /// Takes the thing out whose moment comes first.
  /// - Returns: nil when all are in somebody's hands, or at their end.
  func next() -> (moment: Double, thing: SimulatedThing)? {
    state.withLock { state in
      guard let first = state.heap.first else { return nil }
      let last = state.heap.removeLast()
      if !state.heap.isEmpty {
        state.heap[0] = last
        Self.sink(&state.heap)
      }
      guard let thing = state.things[first.place] else { return nil }
      state.things[first.place] = nil
      return (first.moment, thing)
    }
  }

  func put(_ thing: SimulatedThing, at moment: Double) {
    state.withLock { state in
      state.things[thing.place] = thing
      state.heap.append((moment, thing.place))
      var child = state.heap.count - 1
      while child > 0, state.heap[child].moment < state.heap[(child - 1) / 2].moment {
        state.heap.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }
  }

  private static func sink(_ heap: inout [(moment: Double, place: Int)]) {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].moment < heap[least].moment {
        least = child
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
