internal import CoreMetrics
internal import Synchronization

/// A whole number that only grows; a negative increment is ignored.
final class CounterSeries: MetricSeries, CounterHandler {
  private let value = Atomic<Int64>(0)

  func increment(by amount: Int64) {
    if amount > 0 { value.wrappingAdd(amount, ordering: .relaxed) }
  }

  func reset() { value.store(0, ordering: .relaxed) }

  func samples() -> [MetricSample] { [MetricSample(value: String(value.load(ordering: .relaxed)))] }
}
