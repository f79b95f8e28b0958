import FirmwareService
import HTTPTypes

/// A refusal that a face makes itself, before any verb is called.
struct APIError: Error {
  let status: HTTPResponse.Status
  /// The kind, for programs: `body-too-large`.
  let code: String
  let message: String
  var headers: HTTPFields = [:]

  static func malformed(_ message: String) -> APIError { APIError(status: .badRequest, code: "malformed", message: message) }
}

extension ServiceError.Code {
  /// The one place where codes become statuses. No default, so that a new code does not compile until it has one.
  var status: HTTPResponse.Status {
    switch self {
    case .malformed, .malformedKey, .malformedManifest, .malformedExpression: .badRequest
    case .invalidActivationCode, .notForThisThing, .notForThisUser, .unsignedManifest, .untrustedKey, .wrongSignature:
      .forbidden
    case .revokedKey, .unknownApp: .forbidden
    case .forbidden: .forbidden
    case .wrongCredentials, .sessionEnded, .unauthorized, .tokenExpired, .tokenRevoked: .unauthorized
    case .unknownThing, .unknownModel, .unknownMCU, .unknownFirmware, .unknownKey, .unknownImage: .notFound
    case .unknownResource, .unknownTag, .unknownUser, .unknownObject, .unknownOperator, .unknownRollout: .notFound
    case .unknownWebhook, .unknownAction: .notFound
    case .actionClosed: .gone
    case .notCancelable: .methodNotAllowed
    case .quotaExceeded: .tooManyRequests
    case .exists, .tooMany, .versionTaken, .sequenceTooOld, .uploadInProgress, .retired: .conflict
    case .lastAdministrator, .approvalNeeded, .wrongState: .conflict
    case .imageMissing, .imageDiffers, .imageContradicts, .versionNotNumeric, .digestMismatch: .unprocessableContent
    case .imageTooLarge, .tooLarge: .contentTooLarge
    case .tooOften: .tooManyRequests
    case .wrongOffset: .rangeNotSatisfiable
    case .diskFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
    case .busy, .held, .unavailable: .serviceUnavailable
    }
  }

  /// The code as it stands in a problem: `unknownThing` is `unknown-thing`, and `unknownMCU` is `unknown-mcu`.
  var problemCode: String {
    var isInAcronym = false
    return rawValue.reduce(into: "") { text, character in
      text += character.isUppercase && !isInAcronym ? "-\(character.lowercased())" : character.lowercased()
      isInAcronym = character.isUppercase
    }
  }
}
