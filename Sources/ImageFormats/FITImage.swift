internal import Domain

/// U-Boot's flat image tree: a device tree with the node `/images`. A device tree without that node is raw.
///
/// Of the digests that its images carry, SHA-256 over embedded data is checked; others, and signatures, are the bootloader's.
enum FITImage {
  private static let valueLimit: Int64 = 64

  private struct Image {
    var data: Range<Int64>?
    var algorithms: [String: String] = [:]
    var digests: [String: [UInt8]] = [:]
  }

  static func describe(_ reader: ImageReader) throws -> ImageDescription? {
    guard let tree = try DeviceTree(reader) else { return nil }
    var path: [String] = []
    var images: [String: Image] = [:]
    var details: [String: String] = [:]
    var isFIT = false
    try tree.walk { event in
      switch event {
      case .begin(let name):
        path.append(name)
        if path == ["", "images"] { isFIT = true }
      case .end:
        guard path.popLast() != nil else { throw reader.error(.malformed, ["field": "nesting"]) }
      case .property(let name, let value):
        if path == [""], name == "description" || name == "compatible" {
          details[name] = PrintableText.fromField(try small(reader, value))
        } else if path.count >= 3, path[1] == "images" {
          try read(name, value, under: path, into: &images[path[2], default: Image()], reader)
        }
      }
    }
    guard isFIT else { return nil }
    for image in images.values { try verify(image, reader) }
    details["images"] = PrintableText.fromField(Array(images.keys.sorted().joined(separator: " ").utf8))
    return ImageDescription(format: .fit, details: details)
  }

  private static func read(
    _ name: String, _ value: Range<Int64>, under path: [String], into image: inout Image, _ reader: ImageReader
  ) throws {
    switch (path.count, name) {
    case (3, "data"): image.data = value
    case (4, "algo") where path[3].hasPrefix("hash"):
      image.algorithms[path[3]] = PrintableText.fromField(try small(reader, value))
    case (4, "value") where path[3].hasPrefix("hash"): image.digests[path[3]] = try small(reader, value)
    default: break
    }
  }

  private static func verify(_ image: Image, _ reader: ImageReader) throws {
    guard let data = image.data else { return }
    for (node, algorithm) in image.algorithms where algorithm == "sha256" {
      guard let stored = image.digests[node] else { throw reader.error(.malformed, ["field": "hash"]) }
      guard try reader.sha256(of: data) == stored else { throw reader.error(.digestMismatch, ["field": "hash"]) }
    }
  }

  /// The value of a property that is a short text or a digest; a longer one is cut.
  private static func small(_ reader: ImageReader, _ value: Range<Int64>) throws -> [UInt8] {
    try reader.bytes(at: value.lowerBound, count: Int(min(valueLimit, value.upperBound - value.lowerBound)))
  }
}
