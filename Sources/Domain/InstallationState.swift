/// Where one firmware stands on one thing.
///
/// `offered → downloading → downloaded → installing → installed → confirmed`, or one of the ends `claimed`, `failed`,
/// `rejected`, `rolledBack`. Which step may follow which is decided in `Rollouts`; this is only the list.
///
/// `confirmed` has said the version that it runs; `claimed` has said that it installed and runs the firmware, and cannot say
/// which version that is: there is nothing but its word.
public enum InstallationState: String, Sendable, Hashable, Codable, CaseIterable {
  case offered, downloading, downloaded, installing, installed, confirmed, claimed, failed, rejected, rolledBack
}

/// What a thing may say of a firmware it was told to install: the `status` of a `$firmware` report.
public enum ReportedStatus: String, Sendable, Hashable, Codable, CaseIterable {
  case downloading, downloaded, installing, installed, failed, rejected
}
