extension Timestamp {
  /// Reads a time as clients of the thing API write it (wire page, section 2 "Time input"): `YYYYMMDDHHmmss`, the forms of ISO
  /// 8601, there also with an offset such as `+02:00`, or digits alone, which are seconds since 1970, and milliseconds when
  /// there are 13.
  public init?(wire text: String) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), text.utf8.count != 14 else {
      guard let time = Timestamp(iso8601: text) ?? Timestamp(withOffset: Array(text.utf8)) else { return nil }
      self = time
      return
    }
    guard let number = Int64(text), text.utf8.count <= 11 || text.utf8.count == 13 else { return nil }
    self.init(milliseconds: text.utf8.count == 13 ? number : number * 1000)
  }

  /// ISO 8601 with `+HH:MM` or `+HHMM` behind it. The sign may be a blank, which a plus becomes in a query.
  private init?(withOffset text: [UInt8]) {
    let signs = [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: " ")]
    guard let sign = text.lastIndex(where: signs.contains), sign >= 14, (48...57).contains(text[sign - 1]) else { return nil }
    let digits = text[(sign + 1)...].filter { $0 != UInt8(ascii: ":") }.map { Int64($0) - 48 }
    guard digits.count == 4, digits.allSatisfy({ (0...9).contains($0) }),
      let local = Timestamp(iso8601: String(decoding: text[..<sign], as: UTF8.self))
    else { return nil }
    let (hours, minutes) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
    guard hours < 24, minutes < 60 else { return nil }
    let seconds = hours * 3600 + minutes * 60
    self = local.adding(seconds: text[sign] == UInt8(ascii: "-") ? seconds : -seconds)
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
