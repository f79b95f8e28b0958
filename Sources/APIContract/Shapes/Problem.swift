/// Problem details (RFC 9457): the body of every error under `/api/v1`.
public struct Problem: Codable, Sendable {
  /// A URI that names the kind: `urn:firmament:problem:` and the code.
  public let type: String
  /// The kind in words; the same for every occurrence.
  public let title: String
  public let status: Int
  /// What happened this time and what to do about it.
  public let detail: String
  /// The last part of `type`, for programs: `signature-untrusted`.
  public let code: String

  public init(code: String, title: String, status: Int, detail: String) {
    self.type = "urn:firmament:problem:\(code)"
    self.title = title
    self.status = status
    self.detail = detail
    self.code = code
  }
}

/// The error body of the thing-side API (wire page, section 2 "Error body").
public struct ThingAPIError: Codable, Sendable {
  public let status: String
  public let code: Int
  public let message: String

  public init(code: Int, message: String) {
    self.status = "error"
    self.code = code
    self.message = message
  }
}
