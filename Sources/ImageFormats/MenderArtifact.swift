internal import Domain

/// Mender's artifact: a tar archive whose first entry `version` says so, then a manifest with SHA-256 sums.
///
/// The name and version of the software are in a compressed part that this room does not open, so no version is given. Sums of
/// entries that lie in the archive as they are get checked.
enum MenderArtifact {
  private static let smallLimit = 65_536
  private static let entryLimit = 10_000

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard let first = try TarEntry(reader, at: 0), first.name == "version" else { return nil }
    let marker = try String(decoding: small(first, reader), as: UTF8.self).filter { !$0.isWhitespace }
    guard marker.contains("\"format\":\"mender\"") else { return nil }
    var entries = [first.name: first]
    var last = first
    while let entry = try TarEntry(reader, at: last.next) {
      guard entries.count < entryLimit else { throw reader.error(.malformed, ["field": "entries"]) }
      entries[entry.name] = entry
      last = entry
    }
    // An archive ends with blocks of zeros; anything else is a damaged head or a cut.
    let end = try reader.bytes(at: last.next, upTo: 512)
    guard end.allSatisfy({ $0 == 0 }) else { throw reader.error(.malformed, ["field": "entry"]) }
    guard end.count == 512, let manifest = entries["manifest"] else { throw reader.error(.truncated, ["field": "entries"]) }
    try verify(manifest, entries, reader)
    var details = ["signed": String(entries["manifest.sig"] != nil)]
    if let number = marker.split(separator: "\"version\":").dropFirst().first?.prefix(while: \.isNumber), !number.isEmpty {
      details["artifactFormat"] = PrintableText.fromField(Array(number.utf8))
    }
    return ImageDescription(format: .mender, details: details)
  }

  /// The manifest's lines are a SHA-256 in hexadecimal, two blanks and a name.
  private static func verify(_ manifest: TarEntry, _ entries: [String: TarEntry], _ reader: ImageReader) throws {
    for line in try String(decoding: small(manifest, reader), as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let digest = ImageDigest(hex: parts[0]) else {
        throw reader.error(.malformed, ["field": "manifest"])
      }
      guard let entry = entries[String(parts[1].drop { $0 == " " })] else { continue }
      guard try reader.sha256(of: entry.content) == digest.bytes else {
        throw reader.error(.digestMismatch, ["field": "manifest"])
      }
    }
  }

  private static func small(_ entry: TarEntry, _ reader: ImageReader) throws -> [UInt8] {
    guard entry.content.count <= smallLimit else { throw reader.error(.malformed, ["field": "entrySize"]) }
    return try reader.bytes(at: entry.content.lowerBound, count: entry.content.count)
  }
}
