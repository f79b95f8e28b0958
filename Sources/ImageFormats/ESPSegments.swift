/// The segments that both generations of ESP images share: load address, length, data; then a check sum in the last byte of 16.
enum ESPSegments {
  private static let seed: UInt8 = 0xEF

  /// - Returns: the offset behind the check sum.
  static func verify(_ reader: ImageReader, from start: Int64, count: UInt8) throws -> Int64 {
    var offset = start
    var sum = seed
    for _ in 0..<count {
      let head = try reader.bytes(at: offset, count: 8)
      let data = offset + 8
      let end = data + Int64(head.little32(4))
      try reader.forEachPiece(of: data..<end) { piece in
        for byte in piece { sum ^= byte }
      }
      offset = end
    }
    let place = offset | 15
    guard try reader.bytes(at: place, count: 1) == [sum] else {
      throw reader.error(.checksumMismatch, ["field": "checksum", "offset": String(place)])
    }
    return place + 1
  }
}
