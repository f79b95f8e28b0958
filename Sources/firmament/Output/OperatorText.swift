import APIContract
import Domain

extension OperatorShape: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("name", name)
    fields.add("role", role.rawValue)
    fields.add("models", models?.joined(separator: ", ") ?? "all")
    fields.add("created", PlainText.time(createdAt))
    fields.add("expires", expiresAt.map(PlainText.time) ?? "never")
    fields.add("revoked", revokedAt.map(PlainText.time))
    return fields.text
  }
}

extension CreatedOperator: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("name", name)
    fields.add("role", role.rawValue)
    fields.add("models", models?.joined(separator: ", ") ?? "all")
    fields.add("expires", expiresAt.map(PlainText.time) ?? "never")
    fields.add("token", token)
    return fields.text + "\nKeep the token now: it is not shown again."
  }
}

extension OperatorList: TextRendering {
  var text: String {
    var table = TextTable(["id", "name", "role", "models", "created", "expires", "revoked"])
    for person in operators {
      table.add([
        person.id, person.name, person.role.rawValue, person.models?.joined(separator: ", ") ?? "all",
        PlainText.time(person.createdAt), person.expiresAt.map(PlainText.time) ?? "never", PlainText.time(person.revokedAt),
      ])
    }
    return table.text
  }
}
