import Catalog
public import Domain

extension FirmwareService {
  /// The seconds that things may be expected to wait between two questions.
  public static let pollIntervals: ClosedRange<Int64> = 1...86_400

  /// Changes whether publishing a model's firmware needs a second operator, and how often its things are expected to ask. Nil
  /// leaves a setting as it is.
  /// - Throws: `malformed`, `unknownModel`.
  public func setModel(_ name: String, fourEyes: Bool?, pollInterval: Int64?, by actor: String) async throws -> Model {
    let model = try model(name)
    guard fourEyes != nil || pollInterval != nil else {
      throw ServiceError(.malformed, "fourEyes or pollInterval is needed")
    }
    try Self.check(pollInterval: pollInterval)
    let audit = AuditEntry(at: clock(), actor: actor, action: "model.set", subject: model.name)
    try await translatingErrors {
      try await catalog.setModel(model.id, fourEyes: fourEyes, pollInterval: pollInterval, audit: audit)
    }
    try await reloadReleases()
    return try self.model(name)
  }

  static func check(pollInterval: Int64?) throws {
    guard pollInterval.map(pollIntervals.contains) ?? true else {
      throw ServiceError(.malformed, "pollInterval: 1 second to 1 day is needed")
    }
  }

  /// - Throws: `approvalNeeded` where one operator alone may not publish.
  static func refuseUnapproved(_ model: Model) throws {
    guard !model.fourEyes else {
      throw ServiceError(
        .approvalNeeded,
        "\(model.name) needs the go of a second operator: create a rollout, and let another operator approve it")
    }
  }
}
