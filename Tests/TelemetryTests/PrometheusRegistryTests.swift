import CoreMetrics
import Testing

@testable import Telemetry

@Suite struct PrometheusRegistryTests {
  private let registry = PrometheusRegistry(timerBuckets: [1, 0.1, 0.1, .infinity], recorderBuckets: [10, 100])

  /// The lines without those about this process.
  private var lines: [String] {
    registry.text().split(separator: "\n").map(String.init).filter { !$0.contains("process_") }
  }

  @Test func `a counter is written with help, type and value`() {
    let counter = registry.makeCounter(label: MetricNames.polls, dimensions: [("outcome", "none")])
    counter.increment(by: 2)
    counter.increment(by: 3)
    counter.increment(by: -1)
    #expect(
      lines == [
        "# HELP firmament_polls_total Polls of things for firmware, by outcome.", "# TYPE firmament_polls_total counter",
        #"firmament_polls_total{outcome="none"} 5"#,
      ])
    counter.reset()
    #expect(lines.last == #"firmament_polls_total{outcome="none"} 0"#)
  }

  @Test func `the same name and labels give the same handler in whatever order the labels come`() {
    let first = registry.makeCounter(label: "a_total", dimensions: [("x", "1"), ("y", "2")])
    let second = registry.makeCounter(label: "a_total", dimensions: [("y", "2"), ("x", "1")])
    #expect(first === second)
    #expect(first !== registry.makeCounter(label: "a_total", dimensions: [("x", "1")]))
    let timer = registry.makeTimer(label: "t_seconds", dimensions: [])
    #expect(timer === registry.makeTimer(label: "t_seconds", dimensions: []))
  }

  @Test func `series and families are sorted, whatever order they were made in`() {
    for name in ["zz", "mm", "aa"] {
      for value in ["2", "1"] { registry.makeMeter(label: name, dimensions: [("k", value)]).set(Int64(1)) }
    }
    #expect(
      lines.filter { !$0.hasPrefix("#") } == [
        #"aa{k="1"} 1"#, #"aa{k="2"} 1"#, #"mm{k="1"} 1"#, #"mm{k="2"} 1"#, #"zz{k="1"} 1"#, #"zz{k="2"} 1"#,
      ])
    #expect(registry.text().hasSuffix("\n"))
  }

  @Test func `values of labels are escaped and can not break out of their line`() {
    registry.makeCounter(label: "c", dimensions: [("l", "a\"b\\c\nd\r\ne")]).increment(by: 1)
    #expect(lines.contains("c{l=\"a\\\"b\\\\c\\nd\r\\ne\"} 1"))
  }

  @Test func `characters that Prometheus forbids become underscores`() {
    registry.makeCounter(label: "http.requests-total", dimensions: [("method.name", "GET"), ("method-name", "x")]).increment(
      by: 1)
    registry.makeCounter(label: "9lives", dimensions: [("9", "n"), ("le", "1")]).increment(by: 1)
    registry.makeCounter(label: "", dimensions: [("", "ö")]).increment(by: 1)
    #expect(lines.contains(#"http_requests_total{method_name="GET"} 1"#))
    #expect(lines.contains(#"_9lives{_9="n",le_="1"} 1"#))
    #expect(lines.contains(#"_{_="ö"} 1"#))
  }

  @Test func `a timer is a histogram in seconds with cumulative buckets`() {
    let timer = registry.makeTimer(label: MetricNames.commitSeconds, dimensions: [("kind", "x")])
    for nanoseconds: Int64 in [50_000_000, 100_000_000, 500_000_000, 3_000_000_000, -5] { timer.recordNanoseconds(nanoseconds) }
    #expect(
      lines.dropFirst() == [
        "# TYPE firmament_commit_seconds histogram", #"firmament_commit_seconds_bucket{kind="x",le="0.1"} 3"#,
        #"firmament_commit_seconds_bucket{kind="x",le="1"} 4"#, #"firmament_commit_seconds_bucket{kind="x",le="+Inf"} 5"#,
        #"firmament_commit_seconds_sum{kind="x"} 3.65"#, #"firmament_commit_seconds_count{kind="x"} 5"#,
      ])
  }

  @Test func `a recorder aggregates into its own buckets, one that does not aggregate is a gauge`() {
    let recorder = registry.makeRecorder(label: "sizes", dimensions: [], aggregate: true)
    recorder.record(Int64(10))
    recorder.record(11.5)
    recorder.record(Double.nan)
    registry.makeRecorder(label: "level", dimensions: [], aggregate: false).record(2.5)
    #expect(
      lines == [
        "# TYPE level gauge", "level 2.5", "# TYPE sizes histogram", #"sizes_bucket{le="10"} 1"#, #"sizes_bucket{le="100"} 2"#,
        #"sizes_bucket{le="+Inf"} 2"#, "sizes_sum 21.5", "sizes_count 2",
      ])
  }

  @Test func `a meter goes up and down and shows what is no finite number`() {
    let meter = registry.makeMeter(label: MetricNames.things, dimensions: [])
    meter.set(4.0)
    meter.increment(by: 1.5)
    meter.decrement(by: 2)
    #expect(lines.last == "firmament_things 3.5")
    for (value, text) in [(Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300")] {
      meter.set(value)
      #expect(lines.last == "firmament_things \(text)")
    }
  }

  @Test func `a floating-point counter never goes down`() {
    let counter = registry.makeFloatingPointCounter(label: "f_total", dimensions: [])
    for amount in [0.5, -3, .nan, .infinity, 0.25] { counter.increment(by: amount) }
    #expect(lines.last == "f_total 0.75")
  }

  @Test func `a name keeps the type it was first given`() {
    registry.makeCounter(label: "n", dimensions: []).increment(by: 1)
    registry.makeMeter(label: "n", dimensions: []).set(Int64(9))
    registry.makeFloatingPointCounter(label: "n", dimensions: []).increment(by: 9)
    #expect(lines == ["# TYPE n counter", "n 1"])
  }

  @Test func `a destroyed series is no longer written and starts again from zero`() {
    let counter = registry.makeCounter(label: "n", dimensions: [("a", "1")])
    counter.increment(by: 7)
    registry.makeCounter(label: "n", dimensions: [("a", "2")]).increment(by: 1)
    registry.destroyCounter(counter)
    #expect(lines == ["# TYPE n counter", #"n{a="2"} 1"#])
    registry.makeCounter(label: "n", dimensions: [("a", "1")]).increment(by: 1)
    #expect(lines.contains(#"n{a="1"} 1"#))
  }

  @Test func `nothing is lost when several tasks measure at once`() async {
    let (tasks, rounds) = (8, 5000)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<tasks {
        group.addTask { [registry] in
          let counter = registry.makeCounter(label: "c", dimensions: [])
          let histogram = registry.makeRecorder(label: "h", dimensions: [], aggregate: true)
          for _ in 0..<rounds {
            counter.increment(by: 1)
            histogram.record(Int64(2))
          }
        }
      }
    }
    #expect(lines.contains("c \(tasks * rounds)"))
    #expect(lines.contains("h_sum \(tasks * rounds * 2)"))
    #expect(lines.contains("h_count \(tasks * rounds)"))
  }

  @Test func `it works behind swift-metrics' own types`() {
    Counter(label: "c_total", dimensions: [("a", "b")], factory: registry).increment()
    Gauge(label: "g", factory: registry).record(3)
    Timer(label: "t_seconds", factory: registry).recordMilliseconds(50)
    #expect(lines.contains(#"c_total{a="b"} 1"#))
    #expect(lines.contains("g 3"))
    #expect(lines.contains(#"t_seconds_bucket{le="0.1"} 1"#))
  }
}
