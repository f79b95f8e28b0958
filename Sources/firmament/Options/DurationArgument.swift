import ArgumentParser

/// A length of time as people write it: `90s`, `15m`, `24h`, `7d`, or a bare number of seconds.
struct DurationArgument: ExpressibleByArgument, Sendable, Equatable {
  /// The longest that is taken: ten years.
  static let longest = 10 * 365 * 86_400

  let seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    var digits = argument[...]
    var unit = 1
    if let last = argument.last, let known = units[last] { (unit, digits) = (known, argument.dropLast()) }
    guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(digits),
      count * unit <= Self.longest
    else { return nil }
    seconds = count * unit
  }

  var defaultValueDescription: String { Self.text(seconds: seconds) }

  /// The same the other way: `15m`.
  static func text(seconds: Int) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60)] where seconds > 0 && seconds % length == 0 {
      return "\(seconds / length)\(unit)"
    }
    return "\(seconds)s"
  }
}
