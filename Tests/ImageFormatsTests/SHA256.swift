/// SHA-256 after FIPS 180-4, so that these tests need no other room.
enum SHA256 {
  private static let primes: [UInt64] = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }.map(
    UInt64.init)
  private static let constants = primes.map { fraction($0, cube: true) }
  private static let start = primes.prefix(8).map { fraction($0, cube: false) }

  /// The first 32 bits of the fraction of a root, by bisection in integers.
  private static func fraction(_ prime: UInt64, cube: Bool) -> UInt32 {
    var (low, high): (UInt64, UInt64) = (0, 32 << 32)
    while high - low > 1 {
      let middle = (low + high) / 2
      // middle is the root times 2^32: compare middle^2 with prime * 2^64, or middle^3 with prime * 2^96.
      let square = middle.multipliedFullWidth(by: middle)
      let above: Bool
      if cube {
        let upper = square.high.multipliedFullWidth(by: middle)
        let lower = square.low.multipliedFullWidth(by: middle)
        let (sum, carry) = upper.low.addingReportingOverflow(lower.high)
        above = upper.high + (carry ? 1 : 0) > 0 || sum >= prime << 32
      } else {
        above = square.high >= prime
      }
      if above { high = middle } else { low = middle }
    }
    return UInt32(truncatingIfNeeded: low)
  }

  static func digest(_ message: ArraySlice<UInt8>) -> [UInt8] {
    var padded = Array(message) + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    padded += (0..<8).map { UInt8(truncatingIfNeeded: (UInt64(message.count) * 8) >> UInt64(56 - $0 * 8)) }
    var hash = start
    var words = [UInt32](repeating: 0, count: 64)
    for block in stride(from: 0, to: padded.count, by: 64) {
      for index in 0..<16 {
        let at = block + index * 4
        words[index] =
          UInt32(padded[at]) << 24 | UInt32(padded[at + 1]) << 16 | UInt32(padded[at + 2]) << 8 | UInt32(padded[at + 3])
      }
      mix(&hash, &words)
    }
    return hash.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - $0 * 8)) } }
  }

  private static func mix(_ hash: inout [UInt32], _ words: inout [UInt32]) {
    func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }
    for index in 16..<64 {
      let (early, late) = (words[index - 15], words[index - 2])
      let first = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
      let second = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
      words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
    }
    var state = hash
    for index in 0..<64 {
      let (a, b, c, e) = (state[0], state[1], state[2], state[4])
      let choice = e & state[5] ^ ~e & state[6]
      let upper = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let first = state[7] &+ upper &+ choice &+ constants[index] &+ words[index]
      let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ (a & b ^ a & c ^ b & c)
      state = [first &+ second, a, b, c, state[3] &+ first, e, state[5], state[6]]
    }
    for index in 0..<8 { hash[index] &+= state[index] }
  }
}
