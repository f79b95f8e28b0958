/// Rows with aligned columns, two spaces apart. A column of numbers is aligned at its right.
struct TextTable {
  private let header: [String]
  private var rows: [[String]] = []

  /// - Parameter names: columns behind these, whose headings stay as they are.
  init(_ header: [String], names: [String] = []) {
    self.header = header.map { $0.uppercased() } + names.map(PlainText.oneLine)
  }

  /// Adds a row; an absent cell is a dash.
  mutating func add(_ cells: [String?]) {
    rows.append(
      header.indices.map { index in
        index < cells.count ? cells[index].map(PlainText.oneLine).flatMap { $0.isEmpty ? nil : $0 } ?? "-" : "-"
      })
  }

  /// The lines, without a line break at the end.
  var text: String {
    let widths = header.indices.map { index in ([header] + rows).map { $0[index].count }.max() ?? 0 }
    let numeric = header.indices.map { index in
      let cells = rows.map { $0[index] }.filter { $0 != "-" }
      return !cells.isEmpty && cells.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
    }
    return ([header] + rows).map { row in
      var line = ""
      for index in row.indices {
        let padding = String(repeating: " ", count: widths[index] - row[index].count)
        if index > 0 { line += "  " }
        line += numeric[index] ? padding + row[index] : row[index] + padding
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

/// Lines of `name  value` with the values below each other.
struct TextFields {
  private var fields: [(String, String)] = []

  mutating func add(_ name: String, _ value: String?) {
    guard let value else { return }
    fields.append((name, PlainText.oneLine(value)))
  }

  var text: String {
    let width = fields.map(\.0.count).max() ?? 0
    return fields.map { $0 + String(repeating: " ", count: width - $0.count + 2) + $1 }.joined(separator: "\n")
  }
}
