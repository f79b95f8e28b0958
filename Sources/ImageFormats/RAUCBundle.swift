internal import Domain

/// RAUC's bundle: a squashfs, then a signature (CMS), whose length is in the last eight bytes. A squashfs without that is raw.
///
/// The manifest is inside the signature for bundles of the forms verity and crypt, and is read. In a plain bundle it is inside
/// the squashfs, which is not unpacked here, and the signature of an encrypted crypt bundle is encrypted itself: neither says
/// more than its form.
enum RAUCBundle {
  private static let superblockSize = 96
  private static let signatureLimit: UInt64 = 1 << 20

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    let superblock = try reader.bytes(at: 0, upTo: superblockSize)
    guard superblock.count == superblockSize, superblock.starts(with: "hsqs".utf8), superblock.little16(28) == 4,
      superblock.little16(30) == 0
    else { return nil }
    let used = UInt64(superblock.little32(40)) | UInt64(superblock.little32(44)) << 32
    guard used <= UInt64(reader.size) else { throw reader.error(.truncated, ["field": "squashfs"]) }
    guard let signature = try signature(reader) else { return nil }
    guard used + UInt64(signature.count) + 8 <= UInt64(reader.size) else {
      throw reader.error(.malformed, ["field": "signature"])
    }
    var details: [String: String] = [:]
    switch CMSMessage(signature) {
    case .signed(let text?):
      let manifest = settings(text)
      for name in ["compatible", "build", "description"] { details[name] = manifest["update.\(name)"] }
      details["bundleFormat"] = manifest["bundle.format"] ?? "plain"
      return ImageDescription(format: .rauc, version: manifest["update.version"], details: details)
    case .signed(nil): details["bundleFormat"] = "plain"
    case .encrypted: details = ["bundleFormat": "crypt", "encrypted": "true"]
    case nil: break
    }
    return ImageDescription(format: .rauc, details: details)
  }

  /// - Returns: nil unless the length at the end fits and is also the length that the signature's own first bytes give.
  private static func signature(_ reader: ImageReader) throws -> [UInt8]? {
    let tail = try reader.bytes(at: reader.size - 8, count: 8)
    let length = UInt64(tail.big32(0)) << 32 | UInt64(tail.big32(4))
    guard (16...signatureLimit).contains(length), Int64(length) <= reader.size - 8 else { return nil }
    let signature = try reader.bytes(at: reader.size - 8 - Int64(length), count: Int(length))
    guard signature[0] == 0x30 else { return nil }
    if signature[1] < 0x80 { return signature.count == 2 + Int(signature[1]) ? signature : nil }
    // 0x80 itself is the indefinite form, which has no length.
    let lengthBytes = Int(signature[1] & 0x7F)
    guard lengthBytes > 0 else { return signature }
    guard lengthBytes <= 4 else { return nil }
    let inner = signature[2..<(2 + lengthBytes)].reduce(0) { $0 << 8 | Int($1) }
    return inner + 2 + lengthBytes == signature.count ? signature : nil
  }

  /// The settings of a manifest, by `section.name`; of several with the same name the first counts.
  private static func settings(_ manifest: [UInt8]) -> [String: String] {
    var section = ""
    var settings: [String: String] = [:]
    for line in manifest.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) where line.first != UInt8(ascii: "#") {
      if line.first == UInt8(ascii: "["), let end = line.firstIndex(of: UInt8(ascii: "]")) {
        section = String(decoding: line[(line.startIndex + 1)..<end], as: UTF8.self)
      } else if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
        guard let key = PrintableText.fromField(line[..<equals]) else { continue }
        let name = "\(section).\(key)"
        settings[name] = settings[name] ?? PrintableText.fromField(line[(equals + 1)...])
      }
    }
    return settings
  }
}
