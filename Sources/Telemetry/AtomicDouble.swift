internal import Synchronization

/// A floating-point number that several threads add to.
final class AtomicDouble: Sendable {
  private let bits = Atomic<UInt64>(0)

  func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  func add(_ amount: Double) {
    var current = bits.load(ordering: .relaxed)
    while true {
      let next = (Double(bitPattern: current) + amount).bitPattern
      let result = bits.weakCompareExchange(expected: current, desired: next, ordering: .relaxed)
      if result.exchanged { return }
      current = result.original
    }
  }
}
