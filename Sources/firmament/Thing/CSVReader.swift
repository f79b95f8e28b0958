/// RFC 4180: comma-separated records of text. Pure; it reads what spreadsheets write (a byte order mark, CRLF or LF, quoted
/// fields with line breaks) and refuses what is ambiguous instead of guessing.
struct CSVReader {
  struct Record: Equatable, Sendable {
    /// The line that the record begins on, from 1.
    let line: Int
    let fields: [String]
  }

  /// What is wrong, and on which line.
  struct Malformed: Error, Equatable, CustomStringConvertible {
    let line: Int
    let reason: String
    var description: String { "line \(line): \(reason)" }
  }

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The records, without empty lines.
  static func records(_ bytes: [UInt8]) throws(Malformed) -> [Record] {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw Malformed(line: 1, reason: "the file is UTF-16: save it as UTF-8")
    }
    var reader = CSVReader(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes)
    var records: [Record] = []
    while reader.position < reader.bytes.count {
      let record = try reader.record()
      if record.fields != [""] { records.append(record) }
    }
    return records
  }

  private mutating func record() throws(Malformed) -> Record {
    let begin = line
    var fields: [String] = []
    while true {
      fields.append(peek == UInt8(ascii: "\"") ? try quoted() : try plain())
      if peek == UInt8(ascii: ",") {
        position += 1
        continue
      }
      try endLine()
      return Record(line: begin, fields: fields)
    }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func plain() throws(Malformed) -> String {
    let begin = position
    while let byte = peek, byte != UInt8(ascii: ","), byte != UInt8(ascii: "\r"), byte != UInt8(ascii: "\n") {
      guard byte != UInt8(ascii: "\"") else { throw Malformed(line: line, reason: "a quote in a field that is not quoted") }
      position += 1
    }
    return try text(bytes[begin..<position], line)
  }

  private mutating func quoted() throws(Malformed) -> String {
    let begin = line
    var content: [UInt8] = []
    position += 1
    while let byte = peek {
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard peek == UInt8(ascii: "\"") else {
          guard [nil, UInt8(ascii: ","), UInt8(ascii: "\r"), UInt8(ascii: "\n")].contains(peek) else {
            throw Malformed(line: line, reason: "text behind a closing quote")
          }
          return try text(content[...], begin)
        }
        position += 1
      }
      if byte == UInt8(ascii: "\n") { line += 1 }
      content.append(byte)
    }
    throw Malformed(line: begin, reason: "a quote that is never closed")
  }

  /// LF, CRLF or the end of the file; a lone CR ends no line.
  private mutating func endLine() throws(Malformed) {
    if peek == UInt8(ascii: "\r") {
      position += 1
      guard peek == UInt8(ascii: "\n") || peek == nil else {
        throw Malformed(line: line, reason: "a carriage return in the middle of a line")
      }
    }
    if peek != nil { position += 1 }
    line += 1
  }

  private func text(_ bytes: ArraySlice<UInt8>, _ line: Int) throws(Malformed) -> String {
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw Malformed(line: line, reason: "bytes that are no UTF-8 text")
    }
    return text
  }
}
