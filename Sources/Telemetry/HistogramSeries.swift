internal import CoreMetrics
internal import Synchronization

/// How many values fell below each bound, and their sum. Values that are no number are ignored.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
  private let bounds: [Double]
  private let counts: [CounterCell]
  private let sum = AtomicDouble()

  /// - Parameter buckets: upper bounds, rising.
  init(buckets: [Double]) {
    bounds = buckets
    counts = (0...buckets.count).map { _ in CounterCell() }
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard !value.isNaN else { return }
    let index = bounds.firstIndex { value <= $0 } ?? bounds.count
    counts[index].value.wrappingAdd(1, ordering: .relaxed)
    sum.add(value)
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1e9) }

  func samples() -> [MetricSample] {
    var total: UInt64 = 0
    var samples: [MetricSample] = []
    for (index, cell) in counts.enumerated() {
      total += cell.value.load(ordering: .relaxed)
      let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
      samples.append(MetricSample(suffix: "_bucket", label: "le=\"\(bound)\"", value: String(total)))
    }
    samples.append(MetricSample(suffix: "_sum", value: PrometheusText.number(sum.load())))
    samples.append(MetricSample(suffix: "_count", value: String(total)))
    return samples
  }
}

/// An atomic of its own on the heap, since an array cannot hold atomics themselves.
private final class CounterCell: Sendable {
  let value = Atomic<UInt64>(0)
}
