/// One type-length-value record behind the payload of an MCUboot image.
struct MCUbootRecord {
  let type: UInt16
  let value: [UInt8]

  static let digests: [UInt16: (name: String, length: Int)] = [
    0x10: ("sha256", 32), 0x11: ("sha384", 48), 0x12: ("sha512", 64),
  ]
  static let signatures: [UInt16: String] = [
    0x20: "rsa-2048", 0x21: "ecdsa-p224", 0x22: "ecdsa", 0x23: "rsa-3072", 0x24: "ed25519",
  ]

  /// Reads a whole area: magic, total length with this head of four bytes, records.
  ///
  /// - Parameter length: what the image's header says of the area's length, nil where it says nothing.
  static func area(_ reader: ImageReader, at start: Int64, magic: UInt16, length: Int64?) throws -> [MCUbootRecord] {
    let head = try reader.bytes(at: start, count: 4)
    let total = Int(head.little16(2))
    guard head.little16(0) == magic, total >= 4, length == nil || length == Int64(total) else {
      throw reader.error(.malformed, ["field": "records", "offset": String(start)])
    }
    let area = try reader.bytes(at: start, count: total)
    var records: [MCUbootRecord] = []
    var offset = 4
    while offset < total {
      guard total - offset >= 4, total - offset - 4 >= Int(area.little16(offset + 2)) else {
        throw reader.error(.malformed, ["field": "record", "offset": String(start + Int64(offset))])
      }
      let end = offset + 4 + Int(area.little16(offset + 2))
      records.append(MCUbootRecord(type: area.little16(offset), value: Array(area[(offset + 4)..<end])))
      offset = end
    }
    return records
  }
}
