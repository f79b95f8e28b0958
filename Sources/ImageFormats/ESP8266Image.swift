/// The first form of image of the ESP8266, which starts with the same byte as an ESP32's but has a shorter header.
///
/// It has no magic beyond that byte, so it is recognised only when its check sum is right, and never refused: what fails is
/// raw.
enum ESP8266Image {
  private static let headerSize = 8

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    // The entry address and that of the first segment must lie in the chip's memory.
    let header = try reader.bytes(at: 0, upTo: headerSize + 4)
    guard header.count == headerSize + 4, header[0] == ESPImage.magic, (1...ESPImage.segmentLimit).contains(header[1]),
      header[2] <= 3, header[7] == 0x40, header[11] == 0x40 || header[11] == 0x3F
    else { return nil }
    do {
      _ = try ESPSegments.verify(reader, from: Int64(headerSize), count: header[1])
    } catch let error as ImageFormatError where error.code != .shortRead {
      return nil
    }
    return ImageDescription(format: .esp8266, details: ["chip": ESPChip.esp8266.rawValue])
  }
}
