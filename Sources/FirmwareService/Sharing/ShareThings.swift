import Catalog
import Cryptography
public import Domain

/// What a user grants: of these things, these resources. Nil is for all.
public struct GrantedParts: Sendable, Hashable {
  public let resources: [String]?
  public let things: [String]?

  public init(resources: [String]?, things: [String]?) {
    self.resources = resources
    self.things = things
  }
}

extension FirmwareService {
  /// How long a share waits for its confirmation, in seconds.
  static let shareSeconds: Int64 = 7 * 86_400
  /// The most pairs of a thing and a resource in one share.
  static let mostSharedParts = 10_000
  private static let allResources = "*"

  /// Says what the app may name as granted to it: it comes back as `roles` with each login. What the user sees does not depend
  /// on it.
  /// - Throws: `unknownThing`, `malformed`.
  public func grant(_ parts: GrantedParts, by user: SessionUser) async throws {
    try Self.check(parts)
    for thing in parts.things ?? [] { _ = try await seen(thing, nil, by: user) }
    try await translatingErrors {
      try await catalog.setGrants(resources: parts.resources ?? [], things: parts.things ?? [], of: user.userID)
    }
  }

  /// Offers parts of what a user owns to the user of an e-mail, in the same app. They get a mail, and see nothing before they
  /// have confirmed. Whether the e-mail is registered makes no difference here.
  /// - Throws: `unknownThing`, `malformed`, `tooOften`.
  public func share(_ parts: GrantedParts, with email: String, by user: SessionUser) async throws {
    let now = clock()
    try Self.check(parts)
    // An empty list is not all: that would open more than what was written.
    for (name, list) in [("resources", parts.resources), ("things", parts.things)] where list?.isEmpty == true {
      throw ServiceError(.malformed, "\(name): is empty; without it, all are shared")
    }
    let email = try Self.checkedEmail(email, of: user)
    let thingIDs = try await ownedThings(parts.things, by: user)
    let resources = parts.resources.map { Array(Set($0)).sorted() } ?? [Self.allResources]
    guard !thingIDs.isEmpty else { throw ServiceError(.malformed, "things: there are none to share") }
    guard thingIDs.count * resources.count <= Self.mostSharedParts else {
      throw ServiceError(.malformed, "things: \(Self.mostSharedParts) parts can be shared at a time")
    }
    try accounts.shares.take(Array(user.publicID.utf8), at: now)
    try accounts.receivedShares.take(Array(email.utf8), at: now)
    let token = Base64URL.encode(RandomBytes.generate(32))
    let share = NewShare(
      ownerID: user.userID, email: email, tokenHash: SHA256Hasher.digest(of: token),
      expiresAt: now.adding(seconds: Self.shareSeconds), thingIDs: thingIDs, resources: resources)
    let mail = try sealedMail(
      to: email, subject: "\(user.email) wants to share with you", text: shareText(token, thingIDs.count, by: user), at: now)
    guard try await translatingErrors({ try await catalog.offer(share, mail: mail, at: now) }) else { throw Self.unseen }
    wakeMailDelivery()
  }

  private func shareText(_ token: String, _ count: Int, by user: SessionUser) -> String {
    """
    \(user.email) wants to share \(count == 1 ? "a thing" : "\(count) things") with you.

    To accept, open this page and confirm:

    \(address)/v2/confirm/\(token)

    The link works for seven days. If you do not know the sender, do nothing: nothing happens.
    """
  }

  private func ownedThings(_ things: [String]?, by user: SessionUser) async throws -> [Int64] {
    let owned = try await translatingErrors { try await catalog.thingsSeen(by: user.userID) }.filter(\.owns)
    guard let things else { return owned.map(\.thingID) }
    let byID = Dictionary(uniqueKeysWithValues: owned.map { ($0.publicID, $0.thingID) })
    return try Set(things).map { thing in
      guard let id = byID[thing] else { throw Self.unseen }
      return id
    }.sorted()
  }

  /// What a user shares with others, newest first.
  public func listShares(of user: SessionUser) async throws -> [ShareSummary] {
    try await translatingErrors { try await catalog.shares(of: user.userID) }
  }

  /// Takes back what a user shares with an e-mail, at once: all of it, or these things. Again is a success.
  public func revokeShares(with email: String, things: [String]?, by user: SessionUser) async throws {
    let email = try Self.checkedEmail(email, of: user)
    let thingIDs = (things ?? []).isEmpty ? nil : try await ownedThings(things, by: user)
    _ = try await translatingErrors {
      try await catalog.revokeShares(of: user.userID, with: email, thingIDs: thingIDs)
    }
  }

  /// The share that a mail's token stands for; nil when there is none, or it is too late.
  public func pendingShare(token: String) async throws -> ShareSummary? {
    try await translatingErrors { try await catalog.share(tokenHash: SHA256Hasher.digest(of: token), at: clock()) }
  }

  /// Confirms a share: from here on the user of the e-mail sees it.
  public func confirmShare(token: String) async throws -> ShareConfirmation {
    try await translatingErrors {
      try await catalog.confirmShare(tokenHash: SHA256Hasher.digest(of: token), at: clock())
    }
  }

  private static func check(_ parts: GrantedParts) throws {
    guard (parts.resources ?? []).allSatisfy({ ResourceKey.isKey($0) || $0 == ResourceKey.settings || $0 == "$geo" }) else {
      throw ServiceError(.malformed, "resources: names of resources are needed")
    }
    guard (parts.resources?.count ?? 0) <= mostSharedParts, (parts.things?.count ?? 0) <= mostSharedParts else {
      throw ServiceError(.malformed, "things: \(mostSharedParts) parts can be granted at a time")
    }
  }

  private static func checkedEmail(_ text: String, of user: SessionUser) throws -> String {
    guard let email = EmailAddress.normalized(text) else {
      throw ServiceError(.malformed, "email: an address such as name@example.com is needed")
    }
    guard email != user.email else { throw ServiceError(.malformed, "email: is your own") }
    return email
  }
}
