/// The names of everything that the service measures, in one place, as Prometheus sees them. Labels are named beside each.
///
/// A counter's name ends in `_total`, a time's in `_seconds`.
public enum MetricNames {
  /// Polls of things for firmware; label `outcome`.
  public static let polls = "firmament_polls_total"
  /// Downloads of images that were answered with bytes.
  public static let downloads = "firmament_downloads_total"
  /// Bytes of images sent.
  public static let downloadBytes = "firmament_download_bytes_total"
  /// Reports of things on an installation; label `status`.
  public static let reports = "firmament_reports_total"
  /// Images taken in from engineers.
  public static let uploads = "firmament_uploads_total"
  /// Requests answered; label `status`.
  public static let httpRequests = "firmament_http_requests_total"
  /// Time from the head of a request to the end of its answer; a timer.
  public static let httpRequestSeconds = "firmament_http_request_seconds"
  /// Things registered; a gauge.
  public static let things = "firmament_things"
  /// Time of a durable commit of the catalog; a timer.
  public static let commitSeconds = "firmament_commit_seconds"

  /// Subscriptions that are open; a gauge.
  public static let subscriptions = "firmament_subscriptions"
  /// Messages handed to subscribers, each counted once for every one of them.
  public static let delivered = "firmament_live_messages_total"
  /// Subscribers that were dropped because they fell behind.
  public static let droppedSubscribers = "firmament_dropped_subscribers_total"

  /// Devices of the DDI door that were not let in; label `reason`.
  public static let refusedControllers = "firmament_auth_failed_total"

  static let processResidentMemoryBytes = "process_resident_memory_bytes"
  static let processCPUSeconds = "process_cpu_seconds_total"
  static let processStartTimeSeconds = "process_start_time_seconds"

  /// The `HELP` text of a name, nil for a name that is not in this list.
  static func help(for name: String) -> String? { helpTexts[name] }

  private static let helpTexts: [String: String] = [
    refusedControllers: "Devices of the DDI door that were not let in, by reason.",
    polls: "Polls of things for firmware, by outcome.",
    downloads: "Downloads of images that were answered with bytes.",
    downloadBytes: "Bytes of images sent.",
    reports: "Reports of things on an installation, by status.",
    uploads: "Images taken in.",
    httpRequests: "Requests answered, by status.",
    httpRequestSeconds: "Time from the head of a request to the end of its answer.",
    things: "Things registered.",
    commitSeconds: "Time of a durable commit of the catalog.",
    subscriptions: "Subscriptions that are open.",
    delivered: "Messages handed to subscribers, once for each of them.",
    droppedSubscribers: "Subscribers dropped because they fell behind.",
    processResidentMemoryBytes: "Resident memory size in bytes.",
    processCPUSeconds: "Total user and system CPU time spent in seconds.",
    processStartTimeSeconds: "Start time of the process since the Unix epoch in seconds.",
  ]
}
