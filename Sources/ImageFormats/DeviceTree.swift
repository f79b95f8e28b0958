/// A walk through a flattened device tree (version 16 and 17) that does not load its properties.
struct DeviceTree {
  enum Event {
    case begin(name: String)
    case end
    case property(name: String, value: Range<Int64>)
  }

  private static let headerSize = 40
  /// A tree of a firmware image has some hundred; a hostile one could have millions.
  private static let tokenLimit = 100_000
  private static let nameLimit = 256

  private let reader: ImageReader
  private let structure: Range<Int64>
  private let strings: Range<Int64>

  /// - Returns: nil when the bytes are no device tree.
  init?(_ reader: ImageReader) throws {
    let header = try reader.bytes(at: 0, upTo: Self.headerSize)
    guard header.count == Self.headerSize, header.big32(0) == 0xD00D_FEED, header.big32(24) == 16,
      (16...17).contains(header.big32(20))
    else { return nil }
    let total = Int64(header.big32(4))
    guard total <= reader.size else { throw reader.error(.truncated, ["field": "totalSize"]) }
    let structureStart = Int64(header.big32(8))
    let structureEnd = header.big32(20) == 17 ? structureStart + Int64(header.big32(36)) : total
    let stringsStart = Int64(header.big32(12))
    let stringsEnd = stringsStart + Int64(header.big32(32))
    guard structureStart <= structureEnd, structureEnd <= total, stringsEnd <= total else {
      throw reader.error(.malformed, ["field": "blocks"])
    }
    self.reader = reader
    structure = structureStart..<structureEnd
    strings = stringsStart..<stringsEnd
  }

  func walk(_ visit: (Event) throws -> Void) throws {
    var offset = structure.lowerBound
    for _ in 0..<Self.tokenLimit {
      let token = try word(at: offset)
      offset += 4
      switch token {
      case 1:
        let name = try text(at: offset, end: structure.upperBound)
        try visit(.begin(name: name))
        offset = aligned(offset + Int64(name.utf8.count) + 1)
      case 2: try visit(.end)
      case 3:
        let value = (offset + 8)..<(offset + 8 + Int64(try word(at: offset)))
        let name = strings.lowerBound + Int64(try word(at: offset + 4))
        guard value.upperBound <= structure.upperBound, name < strings.upperBound else { throw malformed(offset) }
        try visit(.property(name: text(at: name, end: strings.upperBound), value: value))
        offset = aligned(value.upperBound)
      case 4: break
      case 9: return
      default: throw malformed(offset - 4)
      }
    }
    throw malformed(offset)
  }

  /// Blocks start at multiples of four, and so does everything in them.
  private func aligned(_ offset: Int64) -> Int64 { structure.lowerBound + (offset - structure.lowerBound + 3) / 4 * 4 }

  private func word(at offset: Int64) throws -> UInt32 {
    guard offset + 4 <= structure.upperBound else { throw malformed(offset) }
    return try reader.bytes(at: offset, count: 4).big32(0)
  }

  private func text(at offset: Int64, end: Int64) throws -> String {
    let bytes = try reader.bytes(at: offset, count: Int(min(Int64(Self.nameLimit), max(0, end - offset))))
    guard let zero = bytes.firstIndex(of: 0), let text = String(validating: bytes[..<zero], as: UTF8.self) else {
      throw malformed(offset)
    }
    return text
  }

  private func malformed(_ offset: Int64) -> ImageFormatError {
    reader.error(.malformed, ["field": "deviceTree", "offset": String(offset)])
  }
}
