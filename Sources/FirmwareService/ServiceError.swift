/// Why the service refused. The faces turn the code into their form of answer; the message says what was wrong and what to do.
public struct ServiceError: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    case malformed
    case unauthorized
    case tokenExpired
    case tokenRevoked
    case forbidden
    case unknownOperator
    case lastAdministrator
    case approvalNeeded
    case invalidActivationCode
    case unknownThing
    case unknownModel
    case unknownMCU
    case unknownFirmware
    case unknownKey
    case unknownImage
    case unknownResource
    case unknownTag
    case notForThisThing
    case notForThisUser
    case exists
    case malformedKey
    case malformedManifest
    case unsignedManifest
    case untrustedKey
    case revokedKey
    case wrongSignature
    case imageMissing
    case imageDiffers
    case imageContradicts
    case versionTaken
    case versionNotNumeric
    case sequenceTooOld
    case digestMismatch
    case imageTooLarge
    case uploadInProgress
    case wrongOffset
    case retired
    case unknownApp
    case unknownUser
    case unknownObject
    case unknownWebhook
    case wrongCredentials
    case sessionEnded
    case tooLarge
    case tooMany
    case tooOften
    case busy
    case diskFull
    case unavailable
    case unknownRollout
    case malformedExpression
    case unknownAction
    /// The device has told how the action ended.
    case actionClosed
    case notCancelable
    /// More was told than is kept.
    case quotaExceeded
    /// The rollout is in another state than the change needs.
    case wrongState
    /// Nobody has to be refused for good: the thing has to wait.
    case held
  }

  public let code: Code
  public let message: String
  /// How many bytes of an image have arrived; only with `wrongOffset`.
  public let received: Int64?
  /// Seconds after which another attempt makes sense; only with `tooOften`.
  public let retryAfter: Int64?

  public init(_ code: Code, _ message: String, received: Int64? = nil, retryAfter: Int64? = nil) {
    self.code = code
    self.message = message
    self.received = received
    self.retryAfter = retryAfter
  }

  public var description: String { message }
}
