import Cryptography
import Domain
import Synchronization

/// What the verbs of users keep in memory.
final class AccountState: Sendable {
  let sessions: SessionTable
  let passwords: PasswordWork
  /// Failed logins, by account.
  let failures: AttemptBuckets
  /// Logins, by address.
  let logins: AttemptBuckets
  /// Sessions that operators open, by their token's hash, and what is none, by address. Users take them nothing.
  let operatorLogins: AttemptBuckets
  /// Registrations, by address.
  let registrations: AttemptBuckets
  /// Changes of a password, by user.
  let passwordChanges: AttemptBuckets
  /// Mails that offer a share, by user.
  let shares: AttemptBuckets
  /// The same, by recipient.
  let receivedShares: AttemptBuckets
  /// What a password is held against where there is no user, so that the answer takes the same work.
  let nobody: PasswordHash
  private let declared = Atomic(false)

  init(_ settings: ServiceSettings) {
    sessions = SessionTable(capacity: settings.sessionsInMemory)
    passwords = PasswordWork(
      mostWaiting: settings.waitingPasswords, mostOfAccount: settings.passwordsOfAccount,
      mostOfAddress: settings.passwordsOfAddress)
    failures = AttemptBuckets(settings.loginFailures, capacity: settings.countedCallers)
    logins = AttemptBuckets(settings.logins, capacity: settings.countedCallers)
    operatorLogins = AttemptBuckets(settings.operatorLogins, capacity: settings.countedCallers)
    registrations = AttemptBuckets(settings.registrations, capacity: settings.countedCallers)
    passwordChanges = AttemptBuckets(settings.passwordChanges, capacity: settings.countedCallers)
    shares = AttemptBuckets(settings.shares, capacity: settings.countedCallers)
    receivedShares = AttemptBuckets(settings.receivedShares, capacity: settings.countedCallers)
    nobody = .unmatchable(cost: settings.passwordCost)
  }

  /// Whether an operator has created any app.
  var hasDeclaredApps: Bool { declared.load(ordering: .sequentiallyConsistent) }

  func noteDeclaredApp() { declared.store(true, ordering: .sequentiallyConsistent) }
}
