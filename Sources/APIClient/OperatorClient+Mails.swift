public import APIContract

extension OperatorClient {
  public func mails(limit: Int = Self.pageSize, after cursor: PageCursor? = nil) async throws -> MailList {
    try await page(Endpoints.listMails, Endpoints.listMails.path(), query: [], limit: limit, after: cursor)
  }
}

extension MailList: PagedList {
  public func followed(by page: Self) -> Self { Self(mails: mails + page.mails, next: page.next) }
}
