/// The things that were heard of since that was written last: a bit for each, in words of 64 neighbours, since neighbours lie
/// on the same pages of the catalog. A million things take some hundred kilobytes.
///
/// The words lie in parts, which are taken and written one at a time: a part of a million things has a thousand of them.
struct HeardThings {
  /// A power of two.
  static let partCount = 1024
  /// How many are written in a turn where they are many. Twice a second, these take some hundredths of a processor.
  private static let mostAtOnce = 2048
  /// Runs of so many neighbours, as a shift, belong to the same part.
  private static let run: Int64 = 8

  private var parts = [[Int64: UInt64]](repeating: [:], count: partCount)

  mutating func insert(_ thingID: Int64) {
    parts[Int(thingID >> Self.run) & (Self.partCount - 1)][thingID >> 6, default: 0] |= 1 << UInt64(thingID & 63)
  }

  /// Takes the things of a part out.
  /// - Returns: in order.
  mutating func take(_ part: Int) -> [Int64] {
    guard !parts[part].isEmpty else { return [] }
    let words = parts[part].sorted { $0.key < $1.key }
    parts[part] = [:]
    var things: [Int64] = []
    things.reserveCapacity(words.reduce(0) { $0 + $1.value.nonzeroBitCount })
    for (word, bits) in words {
      var rest = bits
      while rest != 0 {
        things.append(word << 6 | Int64(rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return things
  }

  /// In how many turns all parts are to be written.
  /// - Parameter fewest: where there are no more things than that many turns can take.
  func turns(atLeast fewest: Int) -> Int {
    let count = parts.reduce(0) { $1.values.reduce($0) { $0 + $1.nonzeroBitCount } }
    return min(max(fewest, count / Self.mostAtOnce), Self.partCount)
  }

  /// The parts of one turn of several that come one after another, and together have every part once. A small fleet, whose
  /// things are all in the first parts, is spread over the turns.
  static func parts(ofTurn turn: Int, of turns: Int) -> [Int] {
    (partCount * turn / turns..<partCount * (turn + 1) / turns).map { ($0 &* 633) & (partCount - 1) }
  }
}
