import APIContract

extension AppList: TextRendering {
  var text: String {
    var table = TextTable(["app", "first used", "created by an operator"])
    for app in apps { table.add([app.name, PlainText.time(app.createdAt), PlainText.time(app.declaredAt)]) }
    return table.text
  }
}

extension AppShape: TextRendering {
  var text: String { name }
}

extension UserList: TextRendering {
  var text: String {
    var table = TextTable(["id", "app", "e-mail", "sessions", "registered"])
    for user in users {
      table.add([user.id, user.app, user.email, String(user.sessions), PlainText.time(user.createdAt)])
    }
    return table.text
  }
}

extension EndedSessions: TextRendering {
  var text: String { "User \(id): \(ended) sessions ended." }
}
