internal import Domain

/// Intel HEX text: lines of `:`, length, address, type, data and a check byte, ended by a record of type 01.
///
/// It carries no version; the details give the lowest address and the number of data bytes.
enum IntelHexFile {
  private struct Record {
    let address: Int64
    let type: UInt8
    let data: [UInt8]

    init?(_ line: [UInt8]) {
      guard line.first == UInt8(ascii: ":"), let bytes = Hexadecimal.decode(String(decoding: line.dropFirst(), as: UTF8.self)),
        bytes.count >= 5, bytes.count == Int(bytes[0]) + 5, bytes.reduce(0, &+) == 0
      else { return nil }
      address = Int64(bytes[1]) << 8 | Int64(bytes[2])
      type = bytes[3]
      data = Array(bytes[4..<(bytes.count - 1)])
    }

    var word: Int64 { data.reduce(0) { $0 << 8 | Int64($1) } }
  }

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard let first = try TextLines.first(reader), Record(first) != nil else { return nil }
    var (base, lowest, length): (Int64, Int64?, Int) = (0, nil, 0)
    var ended = false
    try TextLines.forEach(reader) { line, number in
      guard let record = Record(line) else {
        throw reader.error(.checksumMismatch, ["field": "record", "line": String(number)])
      }
      // Loaders stop at the end record: data behind it, as in two files put together, would be lost without a word.
      if ended, record.type <= 1 { throw reader.error(.malformed, ["field": "afterEnd", "line": String(number)]) }
      switch (record.type, record.data.count) {
      case (0, _):
        lowest = min(lowest ?? .max, base + record.address)
        length += record.data.count
      case (1, 0): ended = true
      case (2, 2): base = record.word << 4
      case (4, 2): base = record.word << 16
      // 0A to 0E: the sections and other data of a Universal Hex file.
      case (3, 4), (5, 4), (0x0A...0x0E, _): break
      default: throw reader.error(.malformed, ["field": "recordType", "line": String(number)])
      }
    }
    guard ended else { throw reader.error(.truncated, ["field": "endRecord"]) }
    var details = ["length": String(length)]
    details["base"] = lowest.map { "0x" + String($0, radix: 16) }
    return ImageDescription(format: .intelHex, details: details)
  }
}
