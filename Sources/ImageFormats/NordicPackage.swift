/// Nordic's update package: a zip archive with `manifest.json` and at least one `.dat` file. Other zip archives are raw.
///
/// It is recognised by its central directory; nothing in it is unpacked, so it gives no version.
enum NordicPackage {
  private static let endSize = 22
  private static let directoryLimit = 65_536
  private static let entrySize = 46

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard try reader.bytes(at: 0, upTo: 4) == [0x50, 0x4B, 0x03, 0x04], let names = try names(reader) else { return nil }
    guard names.contains("manifest.json"), names.contains(where: { $0.hasSuffix(".dat") }) else { return nil }
    return ImageDescription(format: .nordicZip, details: ["entries": String(names.count)])
  }

  /// The names of the central directory, nil when there is none that fits.
  private static func names(_ reader: ImageReader) throws -> [String]? {
    guard reader.size >= Int64(endSize) else { return nil }
    let end = try reader.bytes(at: reader.size - Int64(endSize), count: endSize)
    let length = Int(end.little32(12))
    guard end.starts(with: [0x50, 0x4B, 0x05, 0x06]), length <= directoryLimit,
      Int64(end.little32(16)) + Int64(length) <= reader.size
    else { return nil }
    let directory = try reader.bytes(at: Int64(end.little32(16)), count: length)
    var names: [String] = []
    var offset = 0
    while offset < length {
      guard length - offset >= entrySize, directory[offset...].starts(with: [0x50, 0x4B, 0x01, 0x02]) else { return nil }
      let nameEnd = offset + entrySize + Int(directory.little16(offset + 28))
      let next = nameEnd + Int(directory.little16(offset + 30)) + Int(directory.little16(offset + 32))
      guard next <= length else { return nil }
      names.append(String(decoding: directory[(offset + entrySize)..<nameEnd], as: UTF8.self))
      offset = next
    }
    return names
  }
}
