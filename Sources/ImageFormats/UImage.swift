/// U-Boot's old image with a header of 64 bytes, and its two CRC-32s.
///
/// Its name is free text that often holds a version among other words, so it is given as the detail `name` and not as a
/// version.
enum UImage {
  private static let headerSize = 64
  private static let architectures: [UInt8: String] = [
    2: "arm", 3: "x86", 5: "mips", 6: "mips64", 7: "ppc", 20: "sandbox", 22: "arm64", 24: "x86-64", 25: "xtensa", 26: "riscv",
  ]

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard try reader.bytes(at: 0, upTo: 4).starts(with: [0x27, 0x05, 0x19, 0x56]) else { return nil }
    var header = try reader.bytes(at: 0, count: headerSize)
    let stored = header.big32(4)
    header.replaceSubrange(4..<8, with: [0, 0, 0, 0])
    var sum = CRC32()
    sum.update(header)
    guard sum.value == stored else { throw reader.error(.checksumMismatch, ["field": "header"]) }
    let end = Int64(headerSize) + Int64(header.big32(12))
    guard end <= reader.size else { throw reader.error(.truncated, ["field": "data"]) }
    guard try reader.crc32(of: Int64(headerSize)..<end).value == header.big32(24) else {
      throw reader.error(.checksumMismatch, ["field": "data"])
    }
    var details = ["load": "0x" + String(header.big32(16), radix: 16), "type": String(header[30])]
    details["name"] = header.fieldText(32..<64)
    details["arch"] = architectures[header[29]]
    return ImageDescription(format: .uImage, details: details)
  }
}
