internal import CoreMetrics

/// A number that only grows; a negative or not finite increment is ignored.
final class FloatingPointCounterSeries: MetricSeries, FloatingPointCounterHandler {
  private let value = AtomicDouble()

  func increment(by amount: Double) {
    if amount > 0, amount.isFinite { value.add(amount) }
  }

  func reset() { value.store(0) }

  func samples() -> [MetricSample] { [MetricSample(value: PrometheusText.number(value.load()))] }
}
