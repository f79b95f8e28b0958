internal import Domain

/// Motorola S-records: text lines `S0` to `S9` with a check byte each. The end must be a start address (`S7` to `S9`) or a
/// count of the records (`S5`, `S6`), since some makers leave out one of them.
///
/// It carries no version; the details give the header's text, the lowest address and the number of data bytes.
enum SRecordFile {
  private struct Record {
    let type: UInt8
    let address: Int64
    let data: [UInt8]

    init?(_ line: [UInt8]) {
      guard line.count >= 2, line[0] == UInt8(ascii: "S"), let addressLength = Self.addressLengths[line[1]],
        let bytes = Hexadecimal.decode(String(decoding: line.dropFirst(2), as: UTF8.self)), bytes.count >= addressLength + 2,
        bytes.count == Int(bytes[0]) + 1, bytes.reduce(0, &+) == 0xFF
      else { return nil }
      type = line[1]
      address = bytes[1...addressLength].reduce(0) { $0 << 8 | Int64($1) }
      data = Array(bytes[(1 + addressLength)..<(bytes.count - 1)])
    }

    private static let addressLengths: [UInt8: Int] = Dictionary(
      uniqueKeysWithValues: zip("012356789".utf8, [2, 2, 3, 4, 2, 3, 4, 3, 2]))
  }

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard let first = try TextLines.first(reader), Record(first) != nil else { return nil }
    var details: [String: String] = [:]
    var (lowest, length, records): (Int64?, Int, Int64) = (nil, 0, 0)
    var (ended, counted) = (false, false)
    try TextLines.forEach(reader) { line, number in
      guard !ended else { throw reader.error(.malformed, ["field": "afterEnd", "line": String(number)]) }
      guard let record = Record(line) else {
        throw reader.error(.checksumMismatch, ["field": "record", "line": String(number)])
      }
      switch record.type {
      case UInt8(ascii: "0"): details["name"] = PrintableText.fromField(record.data)
      case UInt8(ascii: "1")...UInt8(ascii: "3"):
        lowest = min(lowest ?? .max, record.address)
        length += record.data.count
        records += 1
        counted = false
      case UInt8(ascii: "5"), UInt8(ascii: "6"):
        guard record.address == records else { throw reader.error(.truncated, ["field": "recordCount"]) }
        counted = true
      default: ended = true
      }
    }
    guard ended || counted else { throw reader.error(.truncated, ["field": "endRecord"]) }
    details["base"] = lowest.map { "0x" + String($0, radix: 16) }
    details["length"] = String(length)
    return ImageDescription(format: .sRecord, details: details)
  }
}
