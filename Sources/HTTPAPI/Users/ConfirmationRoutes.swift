import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `/v2/confirm/TOKEN`: the page that the mail of a share leads to. Opening it changes nothing, since mail programs open links
/// by themselves; its one button confirms.
struct ConfirmationRoutes: Sendable {
  let service: FirmwareService

  func add(to table: inout RouteTable) {
    table.on(Endpoints.showShare, show)
    table.on(Endpoints.confirmShare, confirm)
  }

  @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
    guard let share = try await service.pendingShare(token: try context.parameter("token")) else { return Self.unknown }
    guard share.confirmedAt == nil else { return Self.confirmed }
    let resources = share.resources.contains("*") ? "everything" : share.resources.joined(separator: ", ")
    let count = share.things.count == 1 ? "one thing" : "\(share.things.count) things"
    return Self.page(
      "A share for \(share.email)",
      """
      <p><b>\(Self.escaped(share.ownerEmail))</b> wants to share \(Self.escaped(resources)) of \(count) with
      <b>\(Self.escaped(share.email))</b> in the app <b>\(Self.escaped(share.app))</b>.</p>
      \(Self.account(of: share))
      <form method="post"><button type="submit">Confirm</button></form>
      """)
  }

  /// Nobody has shown that the e-mail of an account is theirs: whoever reads the mail is asked whether the account is.
  private static func account(of share: ShareSummary) -> String {
    let name = "<b>\(escaped(share.email))</b> in the app <b>\(escaped(share.app))</b>"
    guard let registeredAt = share.registeredAt else {
      return "<p>There is no account \(name) yet. Register there first, then open the link of the mail again.</p>"
    }
    return """
      <p>Whoever has the password of the account \(name), which was registered on \(registeredAt.iso8601), will have access.</p>
      <p><strong>If you did not make this account, do not confirm</strong>: somebody else made it with your address.</p>
      """
  }

  @Sendable func confirm(_ request: Request, _ context: APIContext) async throws -> Response {
    switch try await service.confirmShare(token: try context.parameter("token")) {
    case .confirmed: Self.confirmed
    case .unknown: Self.unknown
    case .noAccount:
      Self.page(
        "Register first",
        "<p>There is no account with this e-mail in the app yet. Register there, then open the link of the mail again.</p>",
        status: .conflict)
    }
  }

  private static let confirmed = page("Confirmed", "<p>The share is confirmed. You can close this page.</p>")
  private static let unknown = page(
    "Nothing to confirm", "<p>There is no share behind this link: it was taken back, or the link is too old.</p>",
    status: .notFound)

  private static func page(_ title: String, _ content: String, status: HTTPResponse.Status = .ok) -> Response {
    let text = """
      <!doctype html>
      <html lang="en">
      <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>\(escaped(title))</title></head>
      <body><main><h1>\(escaped(title))</h1>
      \(content)
      </main></body>
      </html>

      """
    var response = Response.text(text, type: "text/html; charset=utf-8", status: status)
    // The address is a secret: it shall lead nowhere, be kept nowhere and be framed by nobody.
    response.headers[.cacheControl] = "no-store"
    response.headers[.contentSecurityPolicy] = "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
    response.headers[.referrerPolicy] = "no-referrer"
    return response
  }

  /// The text with what HTML would read otherwise replaced (HTML Living Standard, section 13.1.2).
  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
      .replacing("'", with: "&#39;")
  }
}

extension HTTPField.Name {
  /// W3C Referrer Policy, section 4.1.
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
