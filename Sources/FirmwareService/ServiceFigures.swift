import Domain
import Metrics
import Telemetry

/// What the verbs count. Made once: making a counter takes a lock, adding to one does not.
struct ServiceFigures: Sendable {
  let pollsOffered = Counter(label: MetricNames.polls, dimensions: [("outcome", "offered")])
  let pollsCurrent = Counter(label: MetricNames.polls, dimensions: [("outcome", "current")])
  let pollsNothing = Counter(label: MetricNames.polls, dimensions: [("outcome", "nothing")])
  let downloads = Counter(label: MetricNames.downloads)
  let downloadBytes = Counter(label: MetricNames.downloadBytes)
  let uploads = Counter(label: MetricNames.uploads)
  let things = Gauge(label: MetricNames.things)
  let commitSeconds = Timer(label: MetricNames.commitSeconds)
  private let reports: [ReportedStatus: Counter]
  private let running = Counter(label: MetricNames.reports, dimensions: [("status", "running")])
  private let claimed = Counter(label: MetricNames.reports, dimensions: [("status", "claimed")])

  init() {
    var reports: [ReportedStatus: Counter] = [:]
    for status in ReportedStatus.allCases {
      reports[status] = Counter(label: MetricNames.reports, dimensions: [("status", status.rawValue)])
    }
    self.reports = reports
  }

  /// - Parameter reason: why a device of the DDI door was not let in.
  func count(refusedController reason: String) {
    Counter(label: MetricNames.refusedControllers, dimensions: [("reason", reason)]).increment()
  }

  func count(_ offers: SharedOffers) {
    if offers.hasUpdate {
      pollsOffered.increment()
    } else {
      (offers.firmwares.isEmpty ? pollsNothing : pollsCurrent).increment()
    }
  }

  /// - Parameter status: nil for a report of what runs.
  func count(report status: ReportedStatus?) { (status.flatMap { reports[$0] } ?? running).increment() }

  /// A thing was believed that it runs a firmware.
  func countClaim() { claimed.increment() }
}
