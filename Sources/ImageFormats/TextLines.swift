/// The lines of an image that is text (Intel HEX, S-records), read in pieces and without line ends.
enum TextLines {
  /// Longer than any record of either format.
  static let longest = 1024

  /// Gives every line that is not blank, with its number from 1. A longer line than `longest` is malformed.
  static func forEach(_ reader: ImageReader, _ body: (_ line: [UInt8], _ number: Int) throws -> Void) throws {
    var line: [UInt8] = []
    var number = 1
    func finish() throws {
      while let last = line.last, last == 0x0D || last == 0x20 || last == 0x09 { line.removeLast() }
      if !line.isEmpty { try body(line, number) }
      line.removeAll(keepingCapacity: true)
      number += 1
    }
    try reader.forEachPiece(of: 0..<reader.size) { piece in
      for byte in piece {
        if byte == 0x0A {
          try finish()
        } else {
          line.append(byte)
          if line.count > longest { throw reader.error(.malformed, ["field": "line", "line": String(number)]) }
        }
      }
    }
    try finish()
  }

  /// The first line, or nil where the image does not start with one.
  static func first(_ reader: ImageReader) throws -> [UInt8]? {
    let start = try reader.bytes(at: 0, upTo: longest)
    guard let end = start.firstIndex(of: 0x0A) else { return nil }
    return Array(start[..<end].reversed().drop { $0 == 0x0D || $0 == 0x20 || $0 == 0x09 }.reversed())
  }
}
