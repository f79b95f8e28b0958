import Domain
import FirmwareService
import HTTPTypes

@testable import HTTPAPI

extension TestService {
  /// Makes an operator as the first one does.
  /// - Returns: the id, and the header with the token.
  func admit(
    _ name: String, _ role: OperatorRole, models: [String]? = nil, expiresIn: Int64? = nil
  ) async throws -> (id: String, header: HTTPFields) {
    let first = try service.identifyOperator(token: Self.token)
    let (made, token) = try await service.createOperator(
      name: name, role: role, models: models, expiresIn: expiresIn, by: first)
    return (String(made.id), [.authorization: "Bearer \(token)"])
  }
}

extension FrontDoor {
  /// A request with the token of some operator.
  func send(_ method: HTTPRequest.Method, _ path: String, as who: HTTPFields, _ text: String? = nil) async throws -> Answer {
    try await send(method, path, who, body: text.map { Array($0.utf8) })
  }
}
