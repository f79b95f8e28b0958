import LiveChannels
import Metrics
import Telemetry

/// What is counted of streams. What is delivered is counted where it is handed out, many at a time.
struct LiveFigures: Sendable {
  let dropped = Counter(label: MetricNames.droppedSubscribers)
  private let open = Gauge(label: MetricNames.subscriptions)

  func record(_ channels: LiveChannels) { open.record(channels.subscriptionCount) }
}
