import Domain
import FirmwareService
import Hummingbird

/// On paths with a thing's token, the token says which thing it is. A certificate beside it opens nothing, but the certificate
/// of one thing and the token of another do not belong on one connection.
struct CertificateCheck: Sendable {
  let service: FirmwareService

  /// - Throws: `ServiceError` (403).
  func admit(_ context: APIContext) async throws {
    guard let connection = context.connection, let name = connection.certificateName,
      let token = context.parameters.get("token").flatMap({ ThingToken($0) }), !connection.isKnownToAdmit(token)
    else { return }
    try await service.checkCertificate(name, beside: token)
    connection.admits(token)
  }
}
