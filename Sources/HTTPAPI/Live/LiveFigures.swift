import LiveChannels
import Metrics
import Telemetry

/// What is counted of streams.
struct LiveFigures: Sendable {
  let delivered = Counter(label: MetricNames.delivered)
  let dropped = Counter(label: MetricNames.droppedSubscribers)
  private let open = Gauge(label: MetricNames.subscriptions)

  func record(_ channels: LiveChannels) { open.record(channels.subscriptionCount) }
}
