/// Where one firmware stands on one thing.
///
/// `offered → downloading → downloaded → installing → installed → confirmed`, or one of the ends `failed`, `rejected`,
/// `rolledBack`. Which step may follow which is decided in `Rollouts`; this is only the list.
public enum InstallationState: String, Sendable, Hashable, Codable, CaseIterable {
  case offered, downloading, downloaded, installing, installed, confirmed, failed, rejected, rolledBack
}

/// What a thing may say of a firmware it was told to install: the `status` of a `$firmware` report.
public enum ReportedStatus: String, Sendable, Hashable, Codable, CaseIterable {
  case downloading, downloaded, installing, installed, failed, rejected
}
