public import CoreMetrics
internal import Synchronization

/// Collects what swift-metrics measures and writes it in the Prometheus text format 0.0.4. It does not serve it.
///
/// Counters, floating-point counters and gauges are themselves; recorders and timers are histograms with fixed buckets, timers
/// in seconds. A handler is looked up under a lock when it is made, so callers keep theirs; measuring itself only touches
/// atomics.
public final class PrometheusRegistry: MetricsFactory, Sendable {
  /// Upper bounds in seconds, from half a millisecond to ten seconds.
  public static let defaultTimerBuckets: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  /// Upper bounds for recorders, whose unit is the caller's: powers of ten.
  public static let defaultRecorderBuckets: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

  private let timerBuckets: [Double]
  private let recorderBuckets: [Double]
  private let families = Mutex<[String: MetricFamily]>([:])

  /// - Parameters: upper bounds of the buckets in any order; bounds that are not finite are left out, as +Inf is always there.
  public init(
    timerBuckets: [Double] = PrometheusRegistry.defaultTimerBuckets,
    recorderBuckets: [Double] = PrometheusRegistry.defaultRecorderBuckets
  ) {
    self.timerBuckets = Set(timerBuckets.filter(\.isFinite)).sorted()
    self.recorderBuckets = Set(recorderBuckets.filter(\.isFinite)).sorted()
  }

  /// Everything measured so far, sorted by name and labels so that equal values give equal text.
  ///
  /// On Linux it also has the memory, the processor time and the start time of this process, read at the call.
  public func text() -> String {
    var known = families.withLock { $0 }
    for (name, value) in ProcessSample.read()?.values ?? [] {
      let gauge = GaugeSeries()
      gauge.set(value)
      known[name] = MetricFamily(kind: name.hasSuffix("_total") ? .counter : .gauge, series: ["": gauge])
    }
    return known.sorted { $0.key < $1.key }.map { $0.value.text(name: $0.key) }.joined()
  }

  /// A name that is already taken by another kind gives a series that works but is not shown, since a name has one type.
  private func series<Series: MetricSeries>(
    _ kind: MetricFamily.Kind, _ label: String, _ dimensions: [(String, String)], make: () -> Series
  ) -> Series {
    let name = PrometheusText.name(label)
    let labels = PrometheusText.labels(dimensions)
    return families.withLock { families in
      let family = families[name, default: MetricFamily(kind: kind, series: [:])]
      if let existing = family.series[labels] as? Series, family.kind == kind { return existing }
      let series = make()
      if family.kind == kind, family.series[labels] == nil { families[name, default: family].series[labels] = series }
      return series
    }
  }

  private func remove(_ handler: AnyObject) {
    families.withLock { families in
      for (name, family) in families {
        for (labels, series) in family.series where series === handler {
          families[name]?.series[labels] = nil
          if family.series.count == 1 { families[name] = nil }
        }
      }
    }
  }
}

extension PrometheusRegistry {
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(.counter, label, dimensions) { CounterSeries() }
  }

  public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    series(.counter, label, dimensions) { FloatingPointCounterSeries() }
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(.gauge, label, dimensions) { GaugeSeries() }
  }

  /// - Parameter aggregate: false makes a gauge, which is how swift-metrics asks for one.
  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if !aggregate { return series(.gauge, label, dimensions) { GaugeSeries() } }
    return series(.histogram, label, dimensions) { HistogramSeries(buckets: recorderBuckets) }
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(.histogram, label, dimensions) { HistogramSeries(buckets: timerBuckets) }
  }

  /// A destroyed series is no longer shown; one that is made again with its name starts from zero.
  public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
  public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
