import HTTPAPI
import Logging
import ServiceLifecycle
import UnixSignals

/// Takes the certificates of the service anew when their files change: every other second, and at once on SIGHUP.
struct CertificateWatch: Service {
  private enum Occasion { case time, signal }

  let identity: TLSIdentity
  let log: Logger
  private let interval = Duration.seconds(2)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in await UnixSignalsSequence(trapping: .sighup) { look(.signal) }
        }
        group.addTask {
          while (try? await Task.sleep(for: interval)) != nil { look(.time) }
        }
      }
    }
  }

  private func look(_ occasion: Occasion) {
    switch identity.reload() {
    case .unchanged: if occasion == .signal { log.info("the certificate and its key are as they were") }
    case .taken: log.notice("a new certificate is in use for new connections")
    case .refused(let error): log.error("the old certificate stays in use", metadata: ["error": "\(error)"])
    }
  }
}
