/// Small images of each format, made by hand after their specifications.
enum SampleImages {
  static func little16(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)] }
  static func little32(_ value: Int) -> [UInt8] { little16(value & 0xFFFF) + little16(value >> 16 & 0xFFFF) }
  static func big32(_ value: Int) -> [UInt8] { little32(value).reversed() }

  static func field(_ text: String, _ length: Int) -> [UInt8] {
    Array((Array(text.utf8) + [UInt8](repeating: 0, count: length)).prefix(length))
  }

  // MARK: ESP-IDF

  /// - Parameter descriptor: false gives the image of a bootloader.
  static func esp(chip: Int = 5, version: String = "1.4.2", descriptor: Bool = true, hash: Bool = true) -> [UInt8] {
    var description = little32(0xABCD_5432) + little32(3) + [UInt8](repeating: 0, count: 8) + field(version, 32)
    description += field("thermostat", 32) + field("12:00:00", 16) + field("Jan  1 2026", 16) + field("v5.3.1", 32)
    description += [UInt8](repeating: 7, count: 32) + [UInt8](repeating: 0, count: 80)
    let segments = [(descriptor ? description : [UInt8](repeating: 9, count: 300)) + [1, 2, 3, 4], Array(0..<100)]
    var image: [UInt8] = [0xE9, 2, 2, 0x20] + little32(0x4038_0000) + [0xEE, 0, 0, 0] + little16(chip) + [0]
    image += little16(0) + little16(399) + [0, 0, 0, 0, hash ? 1 : 0]
    for segment in segments { image += little32(0x3C00_0020) + little32(segment.count) + segment }
    while image.count % 16 != 15 { image.append(0) }
    image.append(segments.joined().reduce(0xEF, ^))
    return hash ? image + SHA256.digest(image[...]) : image
  }

  static func esp8266() -> [UInt8] {
    var image: [UInt8] = [0xE9, 1, 0, 0] + little32(0x4010_04D0) + little32(0x4010_0000) + little32(40) + Array(0..<40)
    while image.count % 16 != 15 { image.append(0) }
    image.append((0..<40).reduce(0xEF, ^))
    return image + [UInt8](repeating: 0xFF, count: 64)
  }

  // MARK: MCUboot

  static func record(_ type: Int, _ value: [UInt8]) -> [UInt8] { little16(type) + little16(value.count) + value }

  static func area(_ magic: Int, _ records: [UInt8]) -> [UInt8] { little16(magic) + little16(records.count + 4) + records }

  /// - Parameter trailing: further records behind the digest.
  static func mcuboot(
    version: [UInt8] = [1, 4, 2, 0, 7, 0, 0, 0], counter: Int? = 5, flags: Int = 0, payload: [UInt8] = Array(0..<200),
    digest: Bool = true, trailing: [UInt8] = record(0x24, [UInt8](repeating: 1, count: 64))
  ) -> [UInt8] {
    let protected = counter.map { area(0x6908, record(0x50, little32($0))) } ?? []
    var image = little32(0x96F3_B83D) + little32(0) + little16(64) + little16(protected.count) + little32(payload.count)
    image += little32(flags) + version + little32(0) + [UInt8](repeating: 0xFF, count: 32) + payload + protected
    let records = (digest ? record(0x10, SHA256.digest(image[...])) : []) + trailing
    return image + area(0x6907, records)
  }

  // MARK: The others

  /// A zero-ended CRC-32, bit by bit, to check the room's own against another way of writing it.
  static func crc32(_ bytes: [UInt8], inverted: Bool = true) -> Int {
    var register: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ 0xEDB8_8320 : register >> 1 }
    }
    return Int(inverted ? ~register : register)
  }

  static func dfu(_ content: [UInt8]) -> [UInt8] {
    let body = content + little16(0x0104) + little16(0x615C) + little16(0x1D50) + little16(0x0100) + Array("UFD".utf8) + [16]
    return body + little32(crc32(body, inverted: false))
  }

  static func uImage(_ data: [UInt8] = Array(1...50)) -> [UInt8] {
    func header(_ sum: Int) -> [UInt8] {
      let words: [Int] = [0x2705_1956, sum, 0, data.count, 0x1000, 0, crc32(data), 0x0502_0500]
      return words.flatMap { big32($0) } + field("board 1.2.3", 32)
    }
    return header(crc32(header(0))) + data
  }

  static func uf2(blocks: Int = 3, family: Int = 0xE48B_FF56) -> [UInt8] {
    (0..<blocks).flatMap { index -> [UInt8] in
      let flags = 0x2000 | (index == 0 ? 0x8000 : 0)
      let words: [Int] = [0x0A32_4655, 0x9E5D_5157, flags, 0x1000_0000 + index * 256, 256, index, blocks, family]
      let head: [UInt8] = words.flatMap { little32($0) }
      let tags: [UInt8] = index == 0 ? [9, 0xBC, 0xC7, 0x9F] + Array("0.1.9".utf8) : []
      let payload: [UInt8] = Array(0...255) + tags + [UInt8](repeating: 0, count: 220 - tags.count)
      return head + payload + little32(0x0AB1_6F30)
    }
  }

  static func hexLine(_ bytes: [UInt8]) -> String {
    let sum: UInt8 = bytes.reduce(0, &+)
    let all: [UInt8] = bytes + [0 &- sum]
    let text = all.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    return ":\(text)\r\n"
  }

  static func intelHex() -> [UInt8] {
    let lines = [hexLine([2, 0, 0, 4, 0x10, 0]), hexLine([4, 0, 0x10, 0, 1, 2, 3, 4]), hexLine([0, 0, 0, 1])]
    return Array(lines.joined().utf8)
  }

  static func sRecord() -> [UInt8] {
    Array("S00600004844521B\nS1130000285F245F2212226A000424290008237C2A\nS5030001FB\nS9030000FC\n".utf8)
  }

  static func swu(
    _ description: String = "software = { version = \"2.0.1\"; };\n", payload: [UInt8] = Array(0..<33)
  ) -> [UInt8] {
    func entry(_ name: String, _ content: [UInt8], mode: Int) -> [UInt8] {
      let sum = mode == 0 ? 0 : content.reduce(0) { $0 + Int($1) }
      let fields = [1, mode, 0, 0, 1, 0, content.count, 0, 0, 0, 0, name.utf8.count + 1, sum]
      let digits = fields.map { field in
        let text = String(field, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - text.count) + text
      }
      var bytes = Array(("070702" + digits.joined() + name).utf8) + [0]
      while bytes.count % 4 != 0 { bytes.append(0) }
      bytes += content
      while bytes.count % 4 != 0 { bytes.append(0) }
      return bytes
    }
    return entry("sw-description", Array(description.utf8), mode: 0o100644) + entry("fw.bin", payload, mode: 0o100644)
      + entry("TRAILER!!!", [], mode: 0)
  }

  static func fit(data: [UInt8] = Array(0..<60), digest: [UInt8]? = nil) -> [UInt8] {
    let strings = Array("description\0data\0algo\0value\0".utf8)
    func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }
    func property(_ name: Int, _ value: [UInt8]) -> [UInt8] { big32(3) + big32(value.count) + big32(name) + padded(value) }
    func node(_ name: String, _ content: [UInt8]) -> [UInt8] { big32(1) + padded(Array(name.utf8) + [0]) + content + big32(2) }
    let hash = property(17, Array("sha256\0".utf8)) + property(22, digest ?? SHA256.digest(data[...]))
    let images = node("images", node("fw-1", property(12, data) + node("hash-1", hash)))
    let structure = node("", property(0, Array("board 1.2.3\0".utf8)) + images) + big32(9)
    let total = 56 + structure.count + strings.count
    let words: [Int] = [0xD00D_FEED, total, 56, 56 + structure.count, 40, 17, 16, 0, strings.count, structure.count]
    let header: [UInt8] = words.flatMap { big32($0) }
    return header + [UInt8](repeating: 0, count: 16) + structure + strings
  }
}
