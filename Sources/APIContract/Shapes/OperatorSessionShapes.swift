public import Domain

/// The body that opens a session in a browser.
public struct NewSession: Codable, Sendable {
  /// An operator's token.
  public let token: String

  public init(token: String) { self.token = token }
}

/// A session of an operator in a browser. What it is known by stands in a cookie, which no script of a page can read.
public struct OperatorSessionShape: Codable, Sendable {
  public let `operator`: OperatorShape
  /// What changes show in `X-CSRF-Token` beside the cookie: 43 characters of A-Z a-z 0-9 - _.
  public let csrf: String
  /// When it ends by itself. The operator's token may end it before.
  public let expiresAt: Timestamp

  public init(operator: OperatorShape, csrf: String, expiresAt: Timestamp) {
    self.operator = `operator`
    self.csrf = csrf
    self.expiresAt = expiresAt
  }
}
