import Catalog
import Domain
import Logging
public import ServiceLifecycle

extension FirmwareService {
  /// The most versions of an MCU that are told apart in one sample: things may say what they like.
  private static let sampledVersions = 100
  /// Samples that go in one transaction, so that writes come in between.
  private static let forgottenTogether = 2000
  /// From which age on, in seconds, one time at most in so many seconds has samples; the oldest first.
  private static let thinning: [(age: Int64, width: Int64)] = [(60 * 86_400, 86_400), (7 * 86_400, 3600)]

  /// Takes down how many active things run each version now, where that has changed.
  /// - Returns: how many numbers have changed.
  @discardableResult
  public func sampleVersions() async throws -> Int {
    try await flushObservations()
    return try await translatingErrors { try await catalog.sampleVersions(at: clock(), most: Self.sampledVersions) }
  }

  /// Makes old samples fewer, and forgets the oldest. At each time that still has samples, every version is as it was.
  /// - Returns: how many hours and days were thinned.
  @discardableResult
  public func thinVersionSamples() async throws -> Int {
    let now = clock()
    return try await translatingErrors {
      var thinned = 0
      var start = Timestamp(milliseconds: 0)
      for (age, width) in Self.thinning {
        let end = Timestamp(milliseconds: now.adding(seconds: -age).seconds / width * width * 1000)
        guard start < end else { continue }
        thinned += try await catalog.thinVersionSamples(in: start..<end, every: width)
        start = end
      }
      let horizon = now.adding(seconds: -settings.versionHistoryDays * 86_400)
      try await inParts(of: Self.forgottenTogether) { try await catalog.forgetVersionSamples(until: horizon, most: $0) }
      return thinned
    }
  }
}

/// Sees to it every ten minutes that it is known what the fleet runs.
public struct VersionSampler: Service {
  private let service: FirmwareService
  private let interval: Duration

  /// - Parameter interval: real time between two samples.
  public init(service: FirmwareService, interval: Duration = .seconds(600)) {
    self.service = service
    self.interval = interval
  }

  public func run() async throws {
    await service.recur(every: interval, complaint: "what the fleet runs could not be taken down; it will be tried again") {
      [service] in
      try await service.sampleVersions()
      try await service.thinVersionSamples()
    }
  }
}
