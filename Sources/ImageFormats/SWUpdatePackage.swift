internal import Domain

/// SWUpdate's package: a cpio archive whose first entry is `sw-description`. Other cpio archives are raw.
///
/// Checked are the entries' heads up to the trailer, and with the magic `070702` the byte sum of every file.
enum SWUpdatePackage {
  private static let descriptionLimit: Int64 = 1 << 20
  private static let entryLimit = 10_000

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard let first = try CPIOEntry(reader, at: 0), first.name == "sw-description" else { return nil }
    guard first.content.count <= Int(descriptionLimit) else { throw reader.error(.malformed, ["field": "sw-description"]) }
    var entry = first
    var names: [String] = []
    for _ in 0..<entryLimit {
      try entry.verifySum(reader)
      if entry.name == "TRAILER!!!" {
        let text = try reader.bytes(at: first.content.lowerBound, count: first.content.count)
        let details = ["entries": String(names.count), "signed": String(names.contains("sw-description.sig"))]
        return ImageDescription(format: .swu, version: SWDescription.version(text), details: details)
      }
      names.append(entry.name)
      guard let next = try CPIOEntry(reader, at: entry.next) else {
        throw reader.error(entry.next < reader.size ? .malformed : .truncated, ["field": "entry"])
      }
      entry = next
    }
    throw reader.error(.malformed, ["field": "entries"])
  }
}
