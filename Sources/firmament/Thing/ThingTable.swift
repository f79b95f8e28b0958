import APIContract
import Domain

/// Things to import, read from CSV with the columns `token,model[,id]` in any order. Pure; it is whole or refused.
struct ThingTable {
  struct Row {
    let line: Int
    let thing: ImportedThing
  }

  let rows: [Row]

  /// - Throws: `CSVReader.Malformed` with the first bad line.
  init(csv: [UInt8]) throws(CSVReader.Malformed) {
    let records = try CSVReader.records(csv)
    guard let header = records.first else {
      throw CSVReader.Malformed(line: 1, reason: "the file is empty: its first line names the columns token,model,id")
    }
    let columns = try Columns(header)
    var rows: [Row] = []
    var tokens: [String: Int] = [:]
    var ids: [String: Int] = [:]
    for record in records.dropFirst() {
      let thing = try columns.thing(record)
      if let other = tokens.updateValue(record.line, forKey: thing.token) {
        throw CSVReader.Malformed(line: record.line, reason: "the same token as on line \(other)")
      }
      if let id = thing.id, let other = ids.updateValue(record.line, forKey: id) {
        throw CSVReader.Malformed(line: record.line, reason: "the same id as on line \(other)")
      }
      rows.append(Row(line: record.line, thing: thing))
    }
    guard !rows.isEmpty else { throw CSVReader.Malformed(line: header.line, reason: "there is no thing below the header") }
    self.rows = rows
  }

  /// What the server said of some rows (`entry 3: …`), with the line of the file in place of the entry's number.
  static func located(_ detail: String, in rows: some Collection<Row>) -> String {
    let parts = detail.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[0].hasPrefix("entry "), let entry = Int(parts[0].dropFirst(6)),
      (1...rows.count).contains(entry)
    else { return "lines \(rows.first?.line ?? 0) to \(rows.reduce(0) { max($0, $1.line) }): \(detail)" }
    return "line \(rows[rows.index(rows.startIndex, offsetBy: entry - 1)].line):\(parts[1])"
  }

  /// Where each column is.
  private struct Columns {
    private let count: Int
    private let token: Int
    private let model: Int
    private let id: Int?

    init(_ header: CSVReader.Record) throws(CSVReader.Malformed) {
      var places: [String: Int] = [:]
      for (place, field) in header.fields.enumerated() {
        let name = field.lowercased()
        guard ["token", "model", "id"].contains(name) else {
          throw CSVReader.Malformed(
            line: header.line,
            reason: "the column \"\(PlainText.oneLine(String(field.prefix(64))))\" is none of token, model and id")
        }
        guard places.updateValue(place, forKey: name) == nil else {
          throw CSVReader.Malformed(line: header.line, reason: "the column \(name) is there twice")
        }
      }
      guard let token = places["token"], let model = places["model"] else {
        throw CSVReader.Malformed(line: header.line, reason: "the columns token and model are needed")
      }
      (count, self.token, self.model, id) = (header.fields.count, token, model, places["id"])
    }

    func thing(_ record: CSVReader.Record) throws(CSVReader.Malformed) -> ImportedThing {
      guard record.fields.count == count else {
        throw CSVReader.Malformed(line: record.line, reason: "\(record.fields.count) fields, but the header has \(count)")
      }
      // The token is a secret: it is not repeated in the message.
      guard let token = ThingToken(record.fields[token]) else {
        throw CSVReader.Malformed(line: record.line, reason: "the token is not 43 characters of A-Z a-z 0-9 - _")
      }
      guard PrintableText.isName(record.fields[model]) else {
        throw CSVReader.Malformed(line: record.line, reason: "the model is not 1 to 64 printable characters")
      }
      let name = id.map { record.fields[$0] }.flatMap { $0.isEmpty ? nil : $0 }
      guard name.map(Self.isIdentifier) != false else {
        throw CSVReader.Malformed(line: record.line, reason: "the id is not 1 to 64 characters of A-Z a-z 0-9 - _ . :")
      }
      return ImportedThing(token: token.secret, model: record.fields[model], id: name)
    }

    private static func isIdentifier(_ text: String) -> Bool {
      (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy { Base64URL.isCharacter($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
    }
  }
}
