/// One entry of a tar archive: a head of 512 bytes with a check sum, then the content padded to 512.
struct TarEntry {
  private static let blockSize = 512

  let name: String
  let content: Range<Int64>

  /// Where the next entry starts.
  var next: Int64 { (content.upperBound + 511) / 512 * 512 }

  /// - Returns: nil at the end of the archive or where there is no entry with a right check sum.
  /// - Throws: `truncated` when the head is there and the content is not.
  init?(_ reader: ImageReader, at offset: Int64) throws {
    let head = try reader.bytes(at: offset, upTo: Self.blockSize)
    guard head.count == Self.blockSize, head[257..<262].elementsEqual("ustar".utf8), let sum = Self.octal(head[148..<156]),
      let length = Self.octal(head[124..<136])
    else { return nil }
    // The check sum is made with its own field as blanks.
    let actual = head.indices.reduce(0) { $0 + Int64((148..<156).contains($1) ? 0x20 : head[$1]) }
    guard actual == sum, let name = String(validating: head[..<100].prefix { $0 != 0 }, as: UTF8.self) else { return nil }
    self.name = name
    let start = offset + Int64(Self.blockSize)
    content = start..<(start + length)
    guard content.upperBound <= reader.size else {
      throw reader.error(.truncated, ["field": "entry", "offset": String(offset)])
    }
  }

  private static func octal(_ field: ArraySlice<UInt8>) -> Int64? {
    let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
    return digits.isEmpty ? nil : digits.reduce(0) { $0 << 3 | Int64($1 - 0x30) }
  }
}
