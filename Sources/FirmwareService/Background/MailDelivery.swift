import Catalog
import Domain
import Logging
public import Mail
public import ServiceLifecycle

extension FirmwareService {
  /// Has queued mails delivered now: after the commit that queued one.
  public func wakeMailDelivery() { mailSignal.raise() }

  /// Delivers what is due, one mail after another. An attempt is recorded after it was made, so that a crash can make a mail
  /// come twice, with the same id, but never not at all.
  /// - Returns: when there is something to do again; nil when nothing waits.
  func deliverMails(by transport: any MailTransport) async throws -> Timestamp? {
    try await translatingErrors {
      while let mail = try await catalog.dueMail(at: clock()) {
        let outcome = try await attempt(mail, by: transport)
        try await catalog.record(outcome, ofMail: mail.id)
      }
      return try await catalog.nextMailAttempt()
    }
  }

  /// Forgets mails that were delivered, or given up, more than 30 days ago.
  func forgetOldMails() async throws {
    _ = try await translatingErrors { try await catalog.forgetMails(endedBefore: clock().adding(seconds: -30 * 86_400)) }
  }

  /// - Throws: `CancellationError` alone: then nothing is known, and the mail stays due.
  private func attempt(_ mail: QueuedMail, by transport: any MailTransport) async throws -> MailOutcome {
    do {
      let outgoing = OutgoingMail(
        id: "\(mail.id).\(mail.createdAt.milliseconds)", recipient: mail.recipient, subject: mail.subject,
        text: try openMail(mail), createdAt: mail.createdAt)
      try await transport.send(outgoing)
      return .delivered(at: clock(), keepsText: !transport.leavesThisMachine)
    } catch let error as CancellationError {
      throw error
    } catch {
      let now = clock()
      let isPermanent = (error as? MailError)?.isPermanent ?? (error is ServiceError)
      let again = isPermanent ? nil : MailBackOff.nextAttempt(after: mail.attempts + 1, createdAt: mail.createdAt, at: now)
      log.warning(
        again == nil ? "a mail is given up" : "a mail could not be delivered and will be tried again",
        metadata: ["mail": "\(mail.id)", "error": "\(error)"])
      return again.map { .again(at: $0, failure: "\(error)") } ?? .givenUp(failure: "\(error)")
    }
  }
}

/// When a mail that could not be delivered is tried again (RFC 5321 section 4.5.4.1, in smaller steps at first).
enum MailBackOff {
  /// Seconds after each attempt; the last one for all that follow.
  private static let steps: [Int64] = [60, 300, 1800, 7200, 14_400]
  /// Seconds after which a mail is given up.
  private static let longest: Int64 = 2 * 86_400

  /// - Parameter attempts: how many have failed.
  /// - Returns: nil when it is given up.
  static func nextAttempt(after attempts: Int, createdAt: Timestamp, at now: Timestamp) -> Timestamp? {
    let next = now.adding(seconds: steps[min(max(attempts, 1), steps.count) - 1])
    return next <= createdAt.adding(seconds: longest) ? next : nil
  }
}

/// Delivers queued mails in the background: at once when one is queued, and again when one is due again.
public struct MailDelivery: Service {
  private let service: FirmwareService
  private let transport: any MailTransport
  private let timeScale: Int

  /// - Parameter timeScale: seconds of the service's clock in a second.
  public init(service: FirmwareService, transport: any MailTransport, timeScale: Int = 1) {
    self.service = service
    self.transport = transport
    self.timeScale = timeScale
  }

  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let milliseconds = await deliver()
        await service.mailSignal.wait(upTo: timeScale == 1 ? milliseconds : max(milliseconds / Int64(timeScale), 50))
      }
    }
  }

  /// - Returns: how long nothing is to be done, in milliseconds.
  private func deliver() async -> Int64 {
    let hour: Int64 = 3_600_000
    do {
      let next = try await service.deliverMails(by: transport)
      try await service.forgetOldMails()
      return next.map { min(max($0.milliseconds - service.clock().milliseconds, 0), hour) } ?? hour
    } catch is CancellationError {
      return 0
    } catch {
      service.log.error("mails could not be looked after; tried again in a minute", metadata: ["error": "\(error)"])
      return 60_000
    }
  }
}
