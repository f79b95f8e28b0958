internal import Domain

/// What `sw-description` says: libconfig or JSON text with one group `software`.
///
/// Devices may also read descriptions of a syntax of their own, or encrypted ones: what cannot be read says nothing.
struct SWDescription {
  /// The text of `software.version`, not that of a single image.
  let version: String?
  /// The texts of `software.name` and `software.description`.
  let name: String?
  let summary: String?
  /// The entries of each `hardware-compatibility`: revisions, or expressions for them (`#RE:^1\.`).
  let revisions: [String]
  /// The boards that the package is for, where everything in it is in a section of some board; empty where any board may
  /// take it.
  let boards: [String]

  /// Lists whose entries are installed, or done while installing.
  private static let payloads = ["images", "files", "scripts", "partitions", "bootenv", "diskpart", "uboot"]
  private static let compatibility = "hardware-compatibility"
  private static let mostNames = 16

  init(_ text: [UInt8]) {
    let software = SWDescriptionSetting.reading(text)["software"]
    version = software?["version"]?.name
    name = software?["name"]?.name
    summary = software?["description"]?.name
    var revisions: [String] = []
    var sections: [String] = []
    var isForAny = software.map(Self.hasPayload) ?? true
    for (name, section) in software?.members ?? [] where section.members != nil {
      switch Self.depth(of: section) {
      // What any board takes is chosen by a set and a mode, `software.SET.MODE`; a board's is one deeper, or has no set.
      case 0, 2: sections.append(name)
      case 1: isForAny = true
      default: continue
      }
      revisions += Self.texts(section[Self.compatibility])
    }
    var seen: Set<String> = []
    let all = Self.texts(software?[Self.compatibility]) + revisions
    self.revisions = Array(all.filter { seen.insert($0).inserted }.prefix(Self.mostNames))
    let names = sections.compactMap { PrintableText.fromField(Array($0.utf8)) }
    // A list that is not whole would exclude what stands in its rest.
    boards = isForAny || names.count != sections.count || names.count > Self.mostNames ? [] : names
  }

  private static func hasPayload(_ group: SWDescriptionSetting) -> Bool { payloads.contains { group[$0] != nil } }

  /// How many groups lie between a section and its payload; nil where it has none.
  private static func depth(of section: SWDescriptionSetting) -> Int? {
    if hasPayload(section) || section[compatibility] != nil { return 0 }
    let inner = (section.members ?? []).map(\.value).filter { $0.members != nil }
    if inner.contains(where: hasPayload) { return 1 }
    return inner.contains { ($0.members ?? []).contains { hasPayload($0.value) } } ? 2 : nil
  }

  private static func texts(_ list: SWDescriptionSetting?) -> [String] {
    guard case .list(let entries) = list else { return [] }
    return entries.prefix(mostNames).compactMap(\.name)
  }
}
