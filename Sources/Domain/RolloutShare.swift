/// The deterministic place of a thing in a rollout: the same on every server and after every restart, and another one for every
/// rollout, so that not always the same things go first.
public enum RolloutShare {
  /// All of the things, in millionths.
  public static let whole = 1_000_000

  /// A thing belongs to a share of so many millionths when its place is less than that.
  ///
  /// The place is 64-bit FNV-1a over the bytes of the rollout's id, one byte FF (which no id has), and the bytes of the thing's
  /// id, mixed by the finalizer of MurmurHash3, and scaled down. It must stay like this for ever: with another hash, rollouts
  /// that run would reach other things.
  /// - Returns: 0 ..< 1,000,000.
  public static func place(of thingPublicID: String, in rolloutPublicID: String) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in rolloutPublicID.utf8 { add(byte, to: &hash) }
    add(0xFF, to: &hash)
    for byte in thingPublicID.utf8 { add(byte, to: &hash) }
    return Int(mixed(hash).multipliedFullWidth(by: UInt64(whole)).high)
  }

  private static func add(_ byte: UInt8, to hash: inout UInt64) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }

  /// Lets every bit of the hash depend on every other, which FNV alone does not do for its high bits and short texts.
  private static func mixed(_ hash: UInt64) -> UInt64 {
    var hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
    hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
    return hash ^ hash >> 33
  }

  /// Reads `1%`, `0.5%`, `100%`, with at most four digits behind the dot.
  /// - Returns: millionths, 1 to 1,000,000; nil for all else.
  public static func parse(_ text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard bytes.last == UInt8(ascii: "%"), bytes.count <= 9 else { return nil }
    let parts = bytes.dropLast().split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : []
    guard parts.count == 1 || !fraction.isEmpty, parts.count <= 2, (1...3).contains(parts[0].count), fraction.count <= 4,
      (parts[0] + fraction).allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    let digits = parts[0] + fraction + Array(repeating: 0x30, count: 4 - fraction.count)
    let millionths = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return (1...whole).contains(millionths) ? millionths : nil
  }

  /// The share in percent, as `parse` reads it: `0.5%` for 5,000.
  public static func text(_ millionths: Int) -> String {
    let (percent, rest) = millionths.quotientAndRemainder(dividingBy: 10_000)
    guard rest > 0 else { return "\(percent)%" }
    var fraction = String(String(10_000 + rest).dropFirst())
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(percent).\(fraction)%"
  }
}
