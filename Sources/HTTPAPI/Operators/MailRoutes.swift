import APIContract
import Domain
import FirmwareService
import Hummingbird

/// Mails to users, as operators see them.
struct MailRoutes: Sendable {
  let service: FirmwareService

  func add(to table: inout RouteTable) { table.on(Endpoints.listMails, list) }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listMails(try request.page, by: context.operatorName)
    return try .json(MailList(mails: page.entries.map { MailShape($0) }, next: PageCursor(page.next)))
  }
}

extension MailShape {
  init(_ mail: ClearMail) {
    self.init(
      id: String(mail.id), to: mail.recipient, subject: mail.subject, text: mail.text, createdAt: mail.createdAt,
      deliveredAt: mail.deliveredAt, attempts: mail.attempts, nextAttemptAt: mail.nextAttemptAt, failure: mail.failure)
  }
}
