import Domain
import Logging
public import ServiceLifecycle

/// Moves rollouts on: regularly, and at once when one has changed.
public struct RolloutDriver: Service {
  /// How far the service's clock may run ahead of the machine's, in seconds, before it is taken for a leap.
  private static let largestLeap: Int64 = 60

  private let service: FirmwareService
  private let interval: Duration
  private let timeScale: Int

  /// - Parameters:
  ///   - interval: between two rounds.
  ///   - timeScale: seconds of the service's clock in a second.
  public init(service: FirmwareService, interval: Duration = .seconds(1), timeScale: Int = 1) {
    self.service = service
    self.interval = interval
    self.timeScale = timeScale
  }

  public func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await advance() }
        // Beside it, since it takes long in a large fleet.
        group.addTask { await count() }
      }
    }
  }

  private func advance() async {
    var last = (real: ContinuousClock.now, service: service.clock())
    while !Task.isCancelled {
      let now = (real: ContinuousClock.now, service: service.clock())
      let passed = Int64((now.real - last.real) / .seconds(1)) * Int64(timeScale)
      if now.service.seconds - last.service.seconds > passed + Self.largestLeap * Int64(timeScale) {
        service.log.warning("the clock has leapt: no thing counts as silent for the time that it left out")
        service.restartSilence()
      }
      last = now
      await tried { try await service.advanceRollouts(countsStages: false) }
      await service.rolloutSignal.wait(upTo: Int64(interval / .milliseconds(1)))
    }
  }

  private func count() async {
    while !Task.isCancelled {
      await tried { try await service.countStages() }
      await service.stageSignal.wait(upTo: Int64(interval / .milliseconds(1)))
    }
  }

  private func tried(_ work: () async throws -> Void) async {
    do { try await work() } catch is CancellationError {
      // The service stops.
    } catch {
      service.log.error("rollouts could not be moved on and will be tried again", metadata: ["error": "\(error)"])
      try? await Task.sleep(for: interval)
    }
  }
}
