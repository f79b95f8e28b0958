/// The 16 bytes that `dfu-suffix` puts behind an image, and the container of ST (DfuSe), which ends with the same.
enum DFUSuffix {
  static let length: Int64 = 16

  /// - Returns: nil for an image without a suffix.
  /// - Throws: `checksumMismatch` when the marker and the length are there but the CRC-32 over everything before it is wrong.
  static func read(_ reader: ImageReader) throws -> (details: [String: String], contentSize: Int64)? {
    guard reader.size >= length else { return nil }
    let suffix = try reader.bytes(at: reader.size - length, count: Int(length))
    guard suffix[8..<11].elementsEqual("UFD".utf8), Int64(suffix[11]) == length else { return nil }
    let sum = try reader.crc32(of: 0..<(reader.size - 4))
    // The register is stored as it is, without the inversion of other CRC-32s.
    guard sum.register == suffix.little32(12) else { throw reader.error(.checksumMismatch, ["field": "dfuSuffix"]) }
    var details = ["dfuVersion": hex(suffix.little16(6))]
    // 0xFFFF stands for "any".
    for (name, value) in [("vendor", suffix.little16(4)), ("product", suffix.little16(2)), ("device", suffix.little16(0))]
    where value != 0xFFFF {
      details[name] = hex(value)
    }
    if try reader.bytes(at: 0, count: 5).elementsEqual("DfuSe".utf8) { details["container"] = "DfuSe" }
    return (details, reader.size - length)
  }

  private static func hex(_ value: UInt16) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }
}
