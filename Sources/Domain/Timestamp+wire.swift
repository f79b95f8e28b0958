extension Timestamp {
  /// Reads a time as clients of the thing API write it (wire page, section 2 "Time input"): `YYYYMMDDHHmmss`, the forms of ISO
  /// 8601, or digits alone, which are seconds since 1970, and milliseconds when there are 13.
  public init?(wire text: String) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), text.utf8.count != 14 else {
      self.init(iso8601: text)
      return
    }
    guard let number = Int64(text), text.utf8.count <= 11 || text.utf8.count == 13 else { return nil }
    self.init(milliseconds: text.utf8.count == 13 ? number : number * 1000)
  }

  /// The same for a JSON text or number.
  public init?(wire value: JSONValue) {
    switch value {
    case .string(let text): self.init(wire: text)
    case .integer(let number) where number >= 0: self.init(wire: String(number))
    case .number(let number) where (0..<100_000_000_000).contains(number): self.init(milliseconds: Int64(number * 1000))
    default: return nil
    }
  }
}
