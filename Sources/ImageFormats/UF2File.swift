/// A UF2 file: blocks of 512 bytes, each with its own header, for one chip family or several behind each other.
///
/// Checked are the magic numbers of every block and that no block of a family is missing. The payload has no check sum.
enum UF2File {
  private static let blockSize: Int64 = 512
  private static let magic: [UInt8] = [0x55, 0x46, 0x32, 0x0A, 0x57, 0x51, 0x5D, 0x9E]
  private static let endMagic: UInt32 = 0x0AB1_6F30
  private static let familyFlag: UInt32 = 0x2000
  private static let tagsFlag: UInt32 = 0x8000
  /// The RP2350's "absolute" family: its single block says that it is one of two, on purpose.
  private static let absoluteFamily: UInt32 = 0xE48B_FF57

  private static let families: [UInt32: String] = [
    0xE48B_FF56: "RP2040", 0xE48B_FF59: "RP2350", 0xE48B_FF5A: "RP2350-RISCV", 0xE48B_FF5B: "RP2350-NS", 0x68ED_2B88: "SAMD21",
    0x5511_4460: "SAMD51", 0xADA5_2840: "NRF52840", 0x5775_5A57: "STM32F4", 0xBFDD_4EEE: "ESP32S2", 0xC47E_5767: "ESP32S3",
    0xD42B_A06C: "ESP32C3",
  ]

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    let first = try reader.bytes(at: 0, upTo: Int(blockSize))
    guard first.count == Int(blockSize), isBlock(first, at: 0) else { return nil }
    guard reader.size % blockSize == 0 else { throw reader.error(.truncated, ["field": "block"]) }
    try verifyBlocks(reader)
    var (version, details) = try tags(of: first, reader)
    if first.little32(8) & familyFlag != 0 {
      details["familyId"] = "0x" + String(first.little32(28), radix: 16)
      details["family"] = families[first.little32(28)]
    }
    details["base"] = "0x" + String(first.little32(12), radix: 16)
    return ImageDescription(format: .uf2, version: version, details: details)
  }

  private static func isBlock(_ bytes: [UInt8], at start: Int) -> Bool {
    bytes[start..<(start + 8)].elementsEqual(magic) && bytes.little32(start + 508) == endMagic
  }

  private static func verifyBlocks(_ reader: ImageReader) throws {
    var missing: [UInt32: Int64] = [:]
    var index: Int64 = 0
    try reader.forEachPiece(of: 0..<reader.size) { piece in
      for start in stride(from: 0, to: piece.count, by: Int(blockSize)) {
        guard isBlock(piece, at: start), piece.little32(start + 16) <= 476,
          piece.little32(start + 20) < piece.little32(start + 24)
        else { throw reader.error(.malformed, ["field": "block", "offset": String(index * blockSize)]) }
        let family = piece.little32(start + 8) & familyFlag == 0 ? 0 : piece.little32(start + 28)
        missing[family, default: Int64(piece.little32(start + 24))] -= 1
        index += 1
      }
    }
    missing[absoluteFamily] = nil
    if missing.contains(where: { $0.value > 0 }) { throw reader.error(.truncated, ["field": "blockCount"]) }
  }

  /// Tags stand behind the payload of a block, each with a length byte and a type of three bytes, aligned to four.
  private static func tags(of block: [UInt8], _ reader: ImageReader) throws -> (version: String?, details: [String: String]) {
    var version: String?
    var details: [String: String] = [:]
    guard block.little32(8) & tagsFlag != 0 else { return (nil, [:]) }
    let end = Int(blockSize) - 4
    var offset = 32 + Int(block.little32(16))
    while offset + 4 <= end, block[offset] != 0 {
      let length = Int(block[offset])
      guard length >= 4, offset + length <= end else { throw reader.error(.malformed, ["field": "tag"]) }
      let text = block.fieldText((offset + 4)..<(offset + length))
      switch block.little32(offset) >> 8 {
      case 0x9FC7BC: version = text
      case 0x650D9D: details["device"] = text
      default: break
      }
      offset += (length + 3) & ~3
    }
    return (version, details)
  }
}
