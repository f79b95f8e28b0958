import Catalog
import ImageStore
import Signing

/// How the errors of the rooms below look to a caller of a verb.
extension ServiceError {
  init(_ error: CatalogError) {
    switch error.code {
    case .exists: self.init(.exists, error.message)
    case .notOwner: self.init(.unknownThing, "thing not found")
    case .retired: self.init(.retired, error.message)
    case .full: self.init(.tooMany, error.message)
    case .tooLarge: self.init(.tooLarge, error.message)
    case .diskFull: self.init(.diskFull, error.message)
    case .missing, .failed: self.init(.unavailable, "the catalog failed: \(error.message)")
    }
  }

  init(_ error: ImageStoreError) {
    switch error.code {
    case .digestMismatch: self.init(.digestMismatch, error.message)
    case .tooLarge: self.init(.imageTooLarge, error.message)
    case .wrongOffset: self.init(.wrongOffset, error.message, received: error.received)
    case .busy: self.init(.uploadInProgress, error.message)
    case .diskFull: self.init(.diskFull, error.message)
    case .missing: self.init(.unknownImage, "no such image")
    case .damaged, .failed: self.init(.unavailable, "the image store failed: \(error.message)")
    }
  }

  init(_ error: SigningError) {
    switch error.code {
    case .malformedEnvelope, .malformedManifest: self.init(.malformedManifest, error.message)
    case .unsigned: self.init(.unsignedManifest, error.message)
    case .untrustedKey: self.init(.untrustedKey, error.message)
    case .revokedKey: self.init(.revokedKey, error.message)
    case .wrongSignature: self.init(.wrongSignature, error.message)
    }
  }

  /// The error as the service's own, where it comes from a room below; any other as it is.
  static func translated(_ error: any Error) -> any Error {
    switch error {
    case let error as CatalogError: ServiceError(error)
    case let error as ImageStoreError: ServiceError(error)
    case let error as SigningError: ServiceError(error)
    default: error
    }
  }
}

/// Runs a part of a verb whose errors come from rooms below.
func translatingErrors<Value>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
) async throws -> Value {
  do { return try await body() } catch { throw ServiceError.translated(error) }
}
