import Cryptography
public import Domain
import Foundation

/// A delivery as it is sent, signed by the scheme of Standard Webhooks (standardwebhooks.com).
public struct OutgoingWebhook: Sendable, Hashable {
  /// What a secret begins with where people see it; base64 follows.
  public static let secretPrefix = "whsec_"

  /// The same for every attempt, so that a receiver knows one that comes twice; without a full stop.
  public let id: String
  public let url: String
  public let body: [UInt8]
  /// When this attempt is made.
  public let at: Timestamp
  private let secret: [UInt8]

  public init(id: String, url: String, body: [UInt8], at: Timestamp, secret: [UInt8]) {
    self.id = id
    self.url = url
    self.body = body
    self.at = at
    self.secret = secret
  }

  /// The secret as people see it.
  public static func text(ofSecret secret: [UInt8]) -> String { secretPrefix + Data(secret).base64EncodedString() }

  /// `v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`.
  public var signature: String {
    let signed = Array("\(id).\(at.seconds).".utf8) + body
    return "v1," + Data(KeyedHash.sha256(of: signed, key: secret)).base64EncodedString()
  }

  public var headers: [(name: String, value: String)] {
    [
      ("Content-Type", "application/json"), ("User-Agent", "Firmament"), ("Webhook-Id", id),
      ("Webhook-Timestamp", String(at.seconds)), ("Webhook-Signature", signature),
    ]
  }
}
