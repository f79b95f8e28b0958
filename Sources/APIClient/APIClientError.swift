/// Why a call did not give what was asked for. Its description is one line that says what to do.
public struct APIClientError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable, Hashable {
    /// The address is no `http://` or `https://` URL.
    case invalidAddress
    /// Nobody answers there.
    case cannotConnect
    /// The connection ended before the answer was complete.
    case disconnected
    /// No answer, or no further byte, within the time limit.
    case timedOut
    /// 401.
    case tokenRefused
    /// The server answered with an error; `status`, `problem` and `detail` are the server's.
    case refused
    /// An answer that is not in the contract: something else may listen at the address.
    case unexpectedAnswer
    /// The file cannot be read, or changed while it was read.
    case unreadableFile
    /// The bytes that came are not those that were announced.
    case corrupted
  }

  public let code: Code
  /// The HTTP status, where there was an answer.
  public let status: Int?
  /// The `code` of the problem details, such as `signature-untrusted`.
  public let problem: String?
  public let detail: String
  /// Seconds, from `Retry-After`.
  public let retryAfter: Int?

  public init(_ code: Code, _ detail: String, status: Int? = nil, problem: String? = nil, retryAfter: Int? = nil) {
    self.code = code
    self.status = status
    self.problem = problem
    self.detail = detail
    self.retryAfter = retryAfter
  }

  public var description: String { detail }

  /// Whether the same call may succeed a little later: the connection was cut, or the server said so.
  public var isPassing: Bool {
    switch code {
    case .cannotConnect, .disconnected, .timedOut: true
    case .refused: [408, 409, 416, 429, 502, 503, 504].contains(status)
    case .invalidAddress, .tokenRefused, .unexpectedAnswer, .unreadableFile, .corrupted: false
    }
  }
}
