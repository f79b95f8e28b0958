import Domain

/// How many bytes an answer may still have: what is read for it is counted, and refused rather than kept in memory.
struct ByteRoom {
  private let whole: Int
  private var left: Int

  init(_ whole: Int) {
    self.whole = whole
    left = whole
  }

  /// What the members of a value, their names and a time take in an answer.
  private static let aroundValue = 64

  /// - Throws: `tooLarge`.
  mutating func take(_ value: StoredValue) throws {
    left -= Self.aroundValue + value.key.utf8.count + value.value.utf8.count + (value.geo?.utf8.count ?? 0)
    guard left >= 0 else {
      throw CatalogError(.tooLarge, "the values have more than \(whole) bytes: ask for fewer with limit, startDate and endDate")
    }
  }
}
