import Domain
import Foundation
import Synchronization

/// How far the clocks of a place are ahead of UTC.
///
/// The zones of the tz database are asked for once a minute at most: a moment's minute and its offset are kept together in one
/// word, since polls come many a second. Since 1972 clocks have been changed at full minutes of UTC only.
final class ZoneOffset: Sendable {
  private let zone: TimeZone?
  private let fixedSeconds: Int64
  /// The minute since 1970, and in the lowest 20 bits its offset in seconds, moved by 2^19.
  private let latest = Atomic<Int64>(.min)

  init(seconds: Int64) {
    zone = nil
    fixedSeconds = seconds
  }

  /// - Returns: nil for a name that the tz database does not have.
  init?(name: String) {
    // Foundation also takes abbreviations and texts such as `GMT+5`, which are easily misread.
    guard name.utf8.contains(UInt8(ascii: "/")), let zone = TimeZone(identifier: name) else { return nil }
    self.zone = zone
    fixedSeconds = 0
  }

  func seconds(at moment: Timestamp) -> Int64 {
    guard let zone else { return fixedSeconds }
    let minute = moment.seconds.floored(by: 60)
    let kept = latest.load(ordering: .relaxed)
    if kept >> 20 == minute { return (kept & 0xF_FFFF) - 0x8_0000 }
    let offset = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)))
    latest.store(minute << 20 | (offset + 0x8_0000), ordering: .relaxed)
    return offset
  }
}
