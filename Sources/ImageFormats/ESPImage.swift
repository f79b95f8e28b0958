internal import Domain

/// The image that ESP-IDF builds for every ESP32 chip: an application, or a bootloader, which has no application descriptor.
///
/// Checked are the segments, the check sum byte and the appended SHA-256. What follows them (a signature block, further
/// partitions of a merged flash image) is not looked at.
enum ESPImage {
  static let magic: UInt8 = 0xE9
  static let segmentLimit: UInt8 = 16
  private static let headerSize = 24
  private static let descriptorMagic: UInt32 = 0xABCD_5432
  private static let descriptorEnd = 0xD5

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    let header = try reader.bytes(at: 0, upTo: descriptorEnd)
    guard header.count >= headerSize, header[0] == magic else { return nil }
    let hasDescriptor = header.count >= 0x24 && header.little32(0x20) == descriptorMagic
    guard hasDescriptor || isPlausible(header) else { return nil }
    guard (1...segmentLimit).contains(header[1]) else { throw reader.error(.malformed, ["field": "segments"]) }
    guard header[0x17] <= 1 else { throw reader.error(.malformed, ["field": "hashAppended"]) }
    if hasDescriptor, header.count < descriptorEnd { throw reader.error(.truncated, ["field": "descriptor"]) }

    let end = try ESPSegments.verify(reader, from: Int64(headerSize), count: header[1])
    let hashAppended = header[0x17] == 1
    try verifyHash(reader, after: end, appended: hashAppended)
    var details = ["chipId": String(header.little16(0x0C)), "hashAppended": String(hashAppended)]
    details["chip"] = ESPChip(imageID: header.little16(0x0C))?.rawValue
    guard hasDescriptor else { return ImageDescription(format: .espIDF, details: details) }
    details["securityCounter"] = String(header.little32(0x24))
    details["project"] = header.fieldText(0x50..<0x70)
    details["compiledTime"] = header.fieldText(0x70..<0x80)
    details["compiledDate"] = header.fieldText(0x80..<0x90)
    details["idfVersion"] = header.fieldText(0x90..<0xB0)
    details["elfSha256"] = Hexadecimal.encode(header[0xB0..<0xD0])
    return ImageDescription(format: .espIDF, version: header.fieldText(0x30..<0x50), details: details)
  }

  /// Without a descriptor only a header that is right in every field will do: images of the ESP8266 and plain code also start
  /// with 0xE9.
  private static func isPlausible(_ header: [UInt8]) -> Bool {
    (1...segmentLimit).contains(header[1]) && header[2] <= 5 && ESPChip(imageID: header.little16(0x0C)) != nil
      && header[0x13..<0x17].allSatisfy { $0 == 0 } && header[0x17] == 1
  }

  private static func verifyHash(_ reader: ImageReader, after end: Int64, appended: Bool) throws {
    if appended {
      let stored = try reader.bytes(at: end, count: 32)
      guard try reader.sha256(of: 0..<end) == stored else { throw reader.error(.digestMismatch, ["field": "appendedHash"]) }
    } else if reader.size - end == 32 {
      // A digest that the header does not announce: the flag is damaged. Equal bytes are padding.
      let rest = try reader.bytes(at: end, count: 32)
      guard rest.allSatisfy({ $0 == rest[0] }) else { throw reader.error(.malformed, ["field": "hashAppended"]) }
    }
  }
}
