import Domain

extension Endpoints {
  public static let listMails = Endpoint.operators(
    "listMails", .get, "/api/v1/mails", "Mails to users, newest first, with their texts; the audit log keeps who read them",
    query: .page, needs: .administrator, answers: MailList.self)

  static let mails = [listMails]
}
