internal import Domain

/// SWUpdate's package: a cpio archive whose first entry is `sw-description`. Other cpio archives are raw.
///
/// Checked are the entries' heads up to the trailer, and with the magic `070702` the byte sum of every file. The hashes of the
/// payload, and the signature of the description that has them, are the devices' to verify.
enum SWUpdatePackage {
  private static let descriptionLimit: Int64 = 1 << 20
  private static let entryLimit = 10_000

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard let first = try CPIOEntry(reader, at: 0), first.name == "sw-description" else { return nil }
    guard first.content.count <= Int(descriptionLimit) else { throw reader.error(.malformed, ["field": "sw-description"]) }
    let entries = try entries(from: first, reader)
    let text = try reader.bytes(at: first.content.lowerBound, count: first.content.count)
    let description = SWDescription(text)
    let isSigned = entries.contains { $0.name == "sw-description.sig" }
    var details = ["entries": String(entries.count), "signed": String(isSigned)]
    details["name"] = description.name
    details["description"] = description.summary
    if !description.revisions.isEmpty { details["hardwareCompatibility"] = description.revisions.joined(separator: ", ") }
    if !description.boards.isEmpty { details["boards"] = description.boards.joined(separator: ", ") }
    return ImageDescription(format: .swu, version: description.version, details: details)
  }

  /// Every entry before the trailer.
  private static func entries(from first: CPIOEntry, _ reader: ImageReader) throws -> [CPIOEntry] {
    var entry = first
    var entries: [CPIOEntry] = []
    for _ in 0..<entryLimit {
      try entry.verifySum(reader)
      if entry.name == "TRAILER!!!" { return entries }
      entries.append(entry)
      guard let next = try CPIOEntry(reader, at: entry.next) else {
        throw reader.error(entry.next < reader.size ? .malformed : .truncated, ["field": "entry"])
      }
      entry = next
    }
    throw reader.error(.malformed, ["field": "entries"])
  }
}
