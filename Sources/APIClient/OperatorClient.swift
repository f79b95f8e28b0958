public import APIContract
import AsyncHTTPClient
import NIOHTTP1

/// The operators' API, one method an endpoint. The files beside this one add them by noun; errors are `APIClientError`.
public struct OperatorClient: Sendable {
  /// Entries that a list asks for at once.
  public static let pageSize = 1000

  public let connection: ServerConnection
  private let token: String

  public init(_ connection: ServerConnection, token: String) {
    self.connection = connection
    self.token = token
  }

  /// A request with the operator's token.
  func request(_ endpoint: Endpoint, _ path: String, query: [(String, String?)] = []) -> HTTPClientRequest {
    var request = connection.request(endpoint, path, query: query)
    request.headers.add(name: "Authorization", value: "Bearer \(token)")
    return request
  }

  func call<Output: Decodable>(_ endpoint: Endpoint, _ path: String, query: [(String, String?)] = []) async throws -> Output {
    try await connection.call(request(endpoint, path, query: query))
  }

  func call<Output: Decodable>(
    _ endpoint: Endpoint, _ path: String, query: [(String, String?)] = [], sending body: some Encodable
  ) async throws -> Output {
    var request = request(endpoint, path, query: query)
    try request.setJSON(body)
    return try await connection.call(request)
  }

  /// One page of a list.
  func page<List: PagedList>(
    _ endpoint: Endpoint, _ path: String, query: [(String, String?)], limit: Int, after cursor: PageCursor?
  ) async throws -> List {
    try await call(endpoint, path, query: query + [("limit", String(limit)), ("after", cursor?.after)])
  }

  /// All pages of a list as one, or the first entries of it up to `limit`.
  /// - Parameter limit: nil for all. `next` of the result is null unless the limit cut the list.
  public func every<List: PagedList>(
    upTo limit: Int? = nil, _ page: (_ limit: Int, _ after: PageCursor?) async throws -> List
  ) async throws -> List {
    var wanted = limit ?? .max
    var list = try await page(min(wanted, Self.pageSize), nil)
    wanted -= min(wanted, Self.pageSize)
    while list.next.after != nil, wanted > 0 {
      let cursor = list.next
      list = list.followed(by: try await page(min(wanted, Self.pageSize), cursor))
      wanted -= min(wanted, Self.pageSize)
      guard list.next != cursor else {
        throw APIClientError(.unexpectedAnswer, "\(connection.address) gave the same page of a list twice: report this fault")
      }
    }
    return list
  }
}
