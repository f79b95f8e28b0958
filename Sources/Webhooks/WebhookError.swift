/// Why a delivery was not made.
public struct WebhookError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The URL is none that may be called.
    case malformed
    /// The name cannot be resolved.
    case unresolved
    /// It stands for an address that is not public.
    case privateAddress
    /// The receiver cannot be reached, or the connection broke.
    case connection
    /// There was no answer in time.
    case timeout
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
