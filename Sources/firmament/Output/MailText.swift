import APIContract

extension MailList: TextRendering {
  var text: String {
    guard !mails.isEmpty else { return "There are no mails." }
    return mails.map { mail in
      var fields = TextFields()
      fields.add("id", mail.id)
      fields.add("to", mail.to)
      fields.add("subject", mail.subject)
      fields.add("written", PlainText.time(mail.createdAt))
      fields.add("delivered", mail.deliveredAt.map(PlainText.time))
      fields.add("attempts", String(mail.attempts))
      fields.add("next attempt", mail.nextAttemptAt.map(PlainText.time))
      fields.add(mail.nextAttemptAt == nil ? "given up" : "failure", mail.failure)
      let lines = mail.text.map { $0.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) }
      return fields.text + (lines.map { "\n\n" + $0.map { "  " + PlainText.line(String($0)) }.joined(separator: "\n") } ?? "")
    }.joined(separator: "\n\n")
  }
}
