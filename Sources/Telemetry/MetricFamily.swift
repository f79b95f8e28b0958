/// All series of one name, by their labels as text.
struct MetricFamily: Sendable {
  enum Kind: String { case counter, gauge, histogram }

  let kind: Kind
  var series: [String: any MetricSeries]

  func text(name: String) -> String {
    var lines: [String] = []
    if let help = MetricNames.help(for: name) { lines.append("# HELP \(name) \(PrometheusText.escapedHelp(help))") }
    lines.append("# TYPE \(name) \(kind.rawValue)")
    for (labels, one) in series.sorted(by: { $0.key < $1.key }) {
      for sample in one.samples() {
        lines.append("\(name)\(sample.suffix)\(braces(labels, sample.label)) \(sample.value)")
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private func braces(_ labels: String, _ more: String) -> String {
    if labels.isEmpty, more.isEmpty { return "" }
    return "{" + labels + (labels.isEmpty || more.isEmpty ? "" : ",") + more + "}"
  }
}

/// One line of output: what is put behind the name, a label beside the series' own, and the value as text.
struct MetricSample {
  var suffix = ""
  var label = ""
  let value: String
}

/// One series: a metric with certain labels.
protocol MetricSeries: AnyObject, Sendable {
  func samples() -> [MetricSample]
}
