/// Packages for larger devices, with as little in them as their formats allow.
extension SampleImages {
  /// A bundle whose signature signs the manifest; without one, the squashfs as a whole.
  static func rauc(
    manifest: String? = "[update]\ncompatible=board\nversion=3.1.4\n\n[bundle]\nformat=verity\n"
  ) -> [UInt8] {
    let text = manifest.map { element(0xA0, element(0x04, Array($0.utf8))) } ?? []
    let content = element(0x30, element(0x06, messageKind(1)) + text)
    let certificates = element(0xA0, element(0x30, Array("[update]\nversion=9.9.9\n".utf8)))
    let signed = element(0x30, element(0x02, [1]) + element(0x31, []) + content + certificates + element(0x31, []))
    return rauc(signature: element(0x30, element(0x06, messageKind(2)) + element(0xA0, signed)))
  }

  /// A bundle whose signature is encrypted together with the manifest.
  static func encryptedRAUC() -> [UInt8] {
    let enveloped = element(0xA0, element(0x30, [UInt8](repeating: 0x5A, count: 300)))
    return rauc(signature: element(0x30, element(0x06, messageKind(3)) + enveloped))
  }

  static func rauc(signature: [UInt8]) -> [UInt8] {
    var bundle = Array("hsqs".utf8) + [UInt8](repeating: 0, count: 92)
    bundle[28] = 4
    bundle[40] = 96
    return bundle + [UInt8](repeating: 0, count: 4000) + signature + big32(0) + big32(signature.count)
  }

  /// 1.2.840.113549.1.7.`number`
  static func messageKind(_ number: UInt8) -> [UInt8] { [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, number] }

  /// An element of DER.
  static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let length = content.count
    return [tag] + (length < 0x80 ? [UInt8(length)] : [0x82, UInt8(length >> 8), UInt8(length & 0xFF)]) + content
  }

  static func mender(digest: [UInt8]? = nil) -> [UInt8] {
    let header = Array("compressed".utf8)
    let digits = (digest ?? SHA256.digest(header[...])).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let unread = String(repeating: "0", count: 64) + "  data/0000/app.bin\n"
    let entries = [
      ("version", Array(#"{"format": "mender", "version": 3}"#.utf8)),
      ("manifest", Array((digits + "  header.tar.gz\n" + unread).utf8)),
      ("header.tar.gz", header), ("data/0000.tar.gz", Array(0..<200)),
    ]
    return entries.flatMap { tarEntry($0.0, $0.1) } + [UInt8](repeating: 0, count: 1024)
  }

  private static func tarEntry(_ name: String, _ content: [UInt8]) -> [UInt8] {
    func octal(_ value: Int, _ digits: Int) -> [UInt8] {
      let text = String(value, radix: 8)
      return Array((String(repeating: "0", count: digits - text.count) + text).utf8) + [0]
    }
    var head = field(name, 100) + octal(0o600, 7) + octal(0, 7) + octal(0, 7) + octal(content.count, 11) + octal(0, 11)
    head += [UInt8](repeating: 0x20, count: 8) + [0x30] + [UInt8](repeating: 0, count: 100) + field("ustar", 8)
    head += [UInt8](repeating: 0, count: 512 - head.count)
    head.replaceSubrange(148..<155, with: octal(head.reduce(0) { $0 + Int($1) }, 6))
    return head + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  static func nordicZip(_ names: [String] = ["manifest.json", "app.bin", "app.dat"]) -> [UInt8] {
    var files: [UInt8] = []
    var directory: [UInt8] = []
    for name in names {
      let local: [UInt8] = [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + little16(name.utf8.count) + little16(0)
      let entry: [UInt8] = [0x50, 0x4B, 1, 2] + [UInt8](repeating: 0, count: 24) + little16(name.utf8.count)
      directory += entry + [UInt8](repeating: 0, count: 12) + little32(files.count) + Array(name.utf8)
      files += local + Array(name.utf8)
    }
    let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + little16(names.count) + little16(names.count)
    return files + directory + end + little32(directory.count) + little32(files.count) + little16(0)
  }
}
