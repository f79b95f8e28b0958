import Domain

/// The order of a model's versions, oldest first: by SemVer where both are SemVer, by their numbers where both are dotted
/// numbers, else by the sequence in which they were registered; unregistered ones come before these, by their texts.
///
/// The first two compare some pairs only. What they say always holds, and the others decide between what is left: of those
/// that nothing left is older than, the first by sequence is next.
enum VersionOrder {
  static func sorted(_ versions: [String], sequence: (String) -> Int64?) -> [String] {
    var rest = versions.map { (text: $0, version: FirmwareVersion($0), sequence: sequence($0) ?? 0) }
      .sorted { ($0.sequence, $0.text) < ($1.sequence, $1.text) }
    var sorted: [String] = []
    while !rest.isEmpty {
      let next = rest.indices.first { place in
        !rest.contains { other in isOlder(other.version, than: rest[place].version) }
      }
      sorted.append(rest.remove(at: next ?? 0).text)
    }
    return sorted
  }

  private static func isOlder(_ left: FirmwareVersion?, than right: FirmwareVersion?) -> Bool {
    guard let left, let right else { return false }
    return FirmwareVersion.compare(left, right) == .older
  }
}
