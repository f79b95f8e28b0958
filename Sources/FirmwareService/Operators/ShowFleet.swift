import Catalog
public import Domain

/// The things of a model in figures. Active things are activated and not retired; all figures but `things` and `retired` are of
/// these.
public struct ModelFigures: Sendable {
  /// How many things last said that they run a version; of nil for those that have said none.
  public struct Version: Sendable {
    public let version: String?
    public let things: Int
  }

  public struct Unit: Sendable {
    public let mcu: String
    /// Those that most things run, first; what was never said is last.
    public let versions: [Version]
    /// Things that run versions which are not listed.
    public let others: Int
  }

  public let model: String
  public let things: Int
  public let active: Int
  public let retired: Int
  public let seenLastHour: Int
  public let seenLastDay: Int
  /// Not seen for as long as was asked, or never.
  public let silent: Int
  public let mcus: [Unit]
}

/// The fleet in figures.
public struct FleetReport: Sendable {
  /// By name.
  public let models: [ModelFigures]
  /// When it was counted.
  public let at: Timestamp
}

extension FirmwareService {
  /// After how many seconds a thing is silent where nothing else was asked for.
  static let standardSilence: Int64 = 86_400
  /// Versions of an MCU that are told apart.
  private static let mostVersions = 100

  /// The figures of the models of the scope. Those of a large fleet are some seconds old at most.
  /// - Throws: `unknownModel`, `malformed`.
  public func showFleet(
    model name: String?, silentFor: Int64? = nil, within scope: ModelScope = .all
  ) async throws -> FleetReport {
    if let name { _ = try model(name) }
    let seconds = try silentFor.map(Self.checkedSilence) ?? Self.standardSilence
    let (largeFleet, keptSeconds) = (settings.largeFleet, settings.fleetFiguresSeconds)
    let counted = try await fleetCounting.counted(silentFor: seconds) { counted in
      counted.counts.things.reduce(0) { $0 + $1.things } >= largeFleet ? keptSeconds : 0
    } _: { [self] in
      try await flushSightings()
      let now = clock()
      let counts = try await translatingErrors {
        try await catalog.fleetCounts(
          hourAgo: now.adding(seconds: -3600), dayAgo: now.adding(seconds: -86_400),
          silentSince: now.adding(seconds: -seconds), mostVersions: Self.mostVersions)
      }
      return FleetCounting.Counted(counts: counts, at: now)
    }
    let models = releases.snapshot.modelsByName.values.filter { model in
      scope.contains(model.name) && name.map { $0 == model.name } ?? true
    }.sorted { $0.name < $1.name }
    return FleetReport(models: models.map { Self.figures(of: $0, counted.counts) }, at: counted.at)
  }

  /// - Throws: `malformed` for a time that nobody is silent for.
  static func checkedSilence(_ seconds: Int64) throws -> Int64 {
    guard (1...315_360_000).contains(seconds) else {
      throw ServiceError(.malformed, "silentFor: 1 second to 10 years, in seconds")
    }
    return seconds
  }

  private static func figures(of model: Model, _ counts: FleetCounts) -> ModelFigures {
    let things = counts.things.first { $0.modelID == model.id }
    let active = things?.active ?? 0
    let mcus = model.mcus.map { mcu in
      let known = counts.versions.first { $0.mcuID == mcu.id }
      let said = known?.said ?? 0
      var versions = (known?.versions ?? []).map { ModelFigures.Version(version: $0.version, things: $0.count) }
      let others = said - versions.reduce(0) { $0 + $1.things }
      if active > said { versions.append(ModelFigures.Version(version: nil, things: active - said)) }
      return ModelFigures.Unit(mcu: mcu.name, versions: versions, others: others)
    }
    return ModelFigures(
      model: model.name, things: things?.things ?? 0, active: active, retired: things?.retired ?? 0,
      seenLastHour: things?.seenLastHour ?? 0, seenLastDay: things?.seenLastDay ?? 0, silent: things?.silent ?? 0, mcus: mcus)
  }
}
