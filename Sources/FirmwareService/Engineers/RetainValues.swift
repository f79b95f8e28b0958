import Catalog
public import Domain

extension FirmwareService {
  /// Says how long values of a model's things are kept. What is older goes in the background.
  /// - Throws: `malformed`, `unknownModel`.
  public func setRetention(_ retention: Retention, of name: String, by actor: String) async throws -> Model {
    let model = try model(name)
    guard (retention.values ?? 1) > 0, (1...3_153_600_000).contains(retention.seconds ?? 1) else {
      throw ServiceError(.malformed, "values: at least 1 is needed; age: 1 second to 100 years")
    }
    let audit = AuditEntry(
      at: clock(), actor: actor, action: "model.retain", subject: name,
      details: [
        "values": retention.values.map(String.init) ?? "all", "seconds": retention.seconds.map(String.init) ?? "all",
      ])
    try await translatingErrors { try await catalog.setRetention(retention, of: model.id, audit: audit) }
    try await reloadReleases()
    return try self.model(name)
  }
}
