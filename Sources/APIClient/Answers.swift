import APIContract
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

extension ServerConnection {
  /// Sends a request and decodes the JSON of a 2xx answer; every other answer is thrown as an `APIClientError`.
  func call<Output: Decodable>(_ request: HTTPClientRequest, within seconds: Int64? = nil) async throws -> Output {
    let response = try await send(request, within: seconds ?? limits.call)
    let body = try await self.body(of: response)
    guard (200..<300).contains(response.status.code) else { throw refusal(response, body) }
    return try decode(body, of: response)
  }

  func decode<Output: Decodable>(_ body: Data, of response: HTTPClientResponse) throws -> Output {
    do {
      return try JSONDecoder().decode(Output.self, from: body)
    } catch {
      throw APIClientError(
        .unexpectedAnswer, "\(address) answered something else than expected: is it a Firmament server of this version?",
        status: Int(response.status.code))
    }
  }

  /// The error that an answer tells, in either API's form.
  func refusal(_ response: HTTPClientResponse, _ body: Data) -> APIClientError {
    let status = Int(response.status.code)
    let wait = response.headers.first(name: "Retry-After").flatMap { Int($0) }
    if let problem = try? JSONDecoder().decode(Problem.self, from: body) {
      if status == 401 { return tokenRefused(problem) }
      return APIClientError(.refused, problem.detail, status: status, problem: problem.code, retryAfter: wait)
    }
    if let error = try? JSONDecoder().decode(ThingAPIError.self, from: body) {
      return APIClientError(.refused, error.message, status: status, retryAfter: wait)
    }
    if status == 401 { return tokenRefused(nil) }
    let known = [408, 413, 416, 429, 502, 503, 504, 507].contains(status)
    return APIClientError(
      known ? .refused : .unexpectedAnswer, "\(address) answered \(status) \(response.status.reasonPhrase)", status: status,
      retryAfter: wait)
  }

  private func tokenRefused(_ problem: Problem?) -> APIClientError {
    let ended = ["token-expired", "token-revoked"].contains(problem?.code) ? problem?.detail : nil
    return APIClientError(
      .tokenRefused,
      "\(address) refused the operator token: "
        + (ended ?? "use the one in operator.token of its store, with --token or firmament login"),
      status: 401, problem: problem?.code)
  }
}

extension HTTPClientRequest {
  /// Gives the request a JSON body.
  mutating func setJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    headers.replaceOrAdd(name: "Content-Type", value: "application/json")
    body = .bytes(ByteBuffer(bytes: try encoder.encode(value)))
  }
}
