internal import Domain

/// An image for the MCUboot bootloader: header, payload, and areas of type-length-value records.
///
/// The SHA-256 is checked; SHA-384 and SHA-512 are only named in `details`, signatures are the bootloader's to check. The
/// digest of an encrypted image is that of its plain text, so it cannot be checked here.
enum MCUbootImage {
  private static let magic: [UInt8] = [0x3D, 0xB8, 0xF3, 0x96]
  private static let headerSize = 32
  private static let encryptedFlags: UInt32 = 0x4 | 0x8

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard try reader.bytes(at: 0, upTo: 4) == magic else { return nil }
    let header = try reader.bytes(at: 0, count: headerSize)
    let (headerLength, protected) = (Int64(header.little16(8)), Int64(header.little16(10)))
    guard headerLength >= Int64(headerSize) else { throw reader.error(.malformed, ["field": "headerSize"]) }
    let payloadEnd = headerLength + Int64(header.little32(12))
    let hashedEnd = payloadEnd + protected
    guard hashedEnd <= reader.size else { throw reader.error(.truncated, ["field": "imageSize"]) }
    var records: [MCUbootRecord] = []
    if protected > 0 {
      records = try MCUbootRecord.area(reader, at: payloadEnd, magic: 0x6908, length: protected)
    }
    records += try MCUbootRecord.area(reader, at: hashedEnd, magic: 0x6907, length: nil)

    let flags = header.little32(16)
    let encrypted = flags & encryptedFlags != 0
    let digest = try verifyDigest(reader, records, hashedEnd: hashedEnd, encrypted: encrypted)
    var details = details(of: records, flags: flags)
    details["digest"] = digest
    return ImageDescription(format: .mcuboot, version: version(header), details: details)
  }

  /// `1.4.2+7`; a build number of zero is left out, as it cannot be told from none.
  private static func version(_ header: [UInt8]) -> String {
    let build = header.little32(24)
    return "\(header[20]).\(header[21]).\(header.little16(22))" + (build == 0 ? "" : "+\(build)")
  }

  /// - Returns: the name of the digest that the image carries, nil for an image whose signature covers the bytes themselves.
  private static func verifyDigest(
    _ reader: ImageReader, _ records: [MCUbootRecord], hashedEnd: Int64, encrypted: Bool
  ) throws -> String? {
    if encrypted, !records.contains(where: { (0x30...0x34).contains($0.type) }) {
      throw reader.error(.malformed, ["field": "encryption"])
    }
    let digests = records.compactMap { record in MCUbootRecord.digests[record.type].map { (record, $0) } }
    // The bootloader refuses an image without a digest too, unless it is signed in the pure form (record 0x25).
    if digests.isEmpty, !records.contains(where: { $0.type == 0x25 }) { throw reader.error(.malformed, ["field": "digest"]) }
    for (record, digest) in digests {
      guard record.value.count == digest.length else { throw reader.error(.malformed, ["field": digest.name]) }
      if record.type == 0x10, !encrypted, try reader.sha256(of: 0..<hashedEnd) != record.value {
        throw reader.error(.digestMismatch, ["field": digest.name])
      }
    }
    return digests.first?.1.name
  }

  private static func details(of records: [MCUbootRecord], flags: UInt32) -> [String: String] {
    var details = ["flags": "0x" + String(flags, radix: 16)]
    if flags & encryptedFlags != 0 { details["encrypted"] = "true" }
    if flags & 0x10 != 0 { details["bootable"] = "false" }
    switch flags & 0x600 {
    case 0x200: details["compression"] = "lzma1"
    case 0x400: details["compression"] = flags & 0x800 == 0 ? "lzma2" : "lzma2+armthumb"
    default: break
    }
    for record in records {
      switch (record.type, record.value.count) {
      case (0x50, 4): details["securityCounter"] = String(record.value.little32(0))
      case (0x70, 4): details["decompressedSize"] = String(record.value.little32(0))
      case (0x01, 32): details["keyHash"] = Hexadecimal.encode(record.value)
      default: if let name = MCUbootRecord.signatures[record.type] { details["signature"] = name }
      }
    }
    return details
  }
}
