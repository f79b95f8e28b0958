internal import Domain

/// One entry of a cpio archive of the "new" form: a head of 110 characters, the name, the content, each padded to four bytes.
struct CPIOEntry {
  private static let headSize = 110
  private static let nameLimit = 4096

  let name: String
  let content: Range<Int64>
  private let isFile: Bool
  private let sum: UInt32?

  /// Where the next entry starts.
  var next: Int64 { (content.upperBound + 3) / 4 * 4 }

  /// - Returns: nil when there is no head of an entry at this place, or the image has ended.
  /// - Throws: `truncated` when the head is there and the rest is not.
  init?(_ reader: ImageReader, at offset: Int64) throws {
    let head = try reader.bytes(at: offset, upTo: Self.headSize)
    let summed = head.starts(with: "070702".utf8)
    guard head.count == Self.headSize, summed || head.starts(with: "070701".utf8) else { return nil }
    guard let fields = Hexadecimal.decode(String(decoding: head[6...], as: UTF8.self)) else { return nil }
    func field(_ index: Int) -> UInt32 { fields.big32(index * 4) }
    let nameLength = Int(field(11))
    guard (2...Self.nameLimit).contains(nameLength) else { return nil }
    let name = try reader.bytes(at: offset + Int64(Self.headSize), count: nameLength)
    guard name.last == 0, let text = String(validating: name.dropLast(), as: UTF8.self) else { return nil }
    let start = (offset + Int64(Self.headSize + nameLength) + 3) / 4 * 4
    content = start..<(start + Int64(field(6)))
    guard content.upperBound <= reader.size else {
      throw reader.error(.truncated, ["field": "entry", "offset": String(offset)])
    }
    self.name = text
    isFile = field(1) & 0o170000 == 0o100000
    sum = summed ? field(12) : nil
  }

  /// The sum is that of the plain bytes, and only regular files have one.
  func verifySum(_ reader: ImageReader) throws {
    guard let sum, isFile else { return }
    var actual: UInt32 = 0
    try reader.forEachPiece(of: content) { piece in
      for byte in piece { actual &+= UInt32(byte) }
    }
    guard actual == sum else { throw reader.error(.checksumMismatch, ["field": "entry"]) }
  }
}
