import Domain
import Synchronization

/// Which bytes of an image a thing has been sent, over any number of ranges and connections: how the server knows that a
/// download is complete before the thing says so. In memory only; what is lost here is only an earlier "downloaded".
final class DownloadCoverage: Sendable {
  private struct Key: Hashable {
    let thingID: Int64
    let firmwareID: Int64
  }

  /// The most downloads that are followed at once, and the most gaps in one.
  private static let mostDownloads = 100_000
  private static let mostPieces = 64

  private let state = Mutex<[Key: [Range<Int64>]]>([:])

  /// Adds a range that was sent.
  /// - Returns: whether every byte of the image has been sent now.
  func add(_ range: Range<Int64>, of firmware: Firmware, to thingID: Int64) -> Bool {
    guard !range.isEmpty else { return false }
    let key = Key(thingID: thingID, firmwareID: firmware.id)
    return state.withLock { state in
      let pieces = Self.adding(range, to: state[key] ?? [])
      if pieces == [0..<firmware.size] {
        state[key] = nil
        return true
      }
      // Most of those that pile up were abandoned, and a thing that goes on is only found complete by its own word.
      if state.count >= Self.mostDownloads, state[key] == nil { state.removeAll(keepingCapacity: true) }
      state[key] = pieces.count <= Self.mostPieces ? pieces : Self.withoutSmallest(pieces)
      return false
    }
  }

  /// The pieces without the smallest: it counts as not sent.
  private static func withoutSmallest(_ pieces: [Range<Int64>]) -> [Range<Int64>] {
    guard let smallest = pieces.reversed().min(by: { $0.count < $1.count }) else { return pieces }
    return pieces.filter { $0 != smallest }
  }

  /// The pieces with one more, in order, with what touches joined.
  static func adding(_ range: Range<Int64>, to pieces: [Range<Int64>]) -> [Range<Int64>] {
    var joined = range
    var rest: [Range<Int64>] = []
    for piece in pieces {
      if piece.upperBound < joined.lowerBound || piece.lowerBound > joined.upperBound {
        rest.append(piece)
      } else {
        joined = min(piece.lowerBound, joined.lowerBound)..<max(piece.upperBound, joined.upperBound)
      }
    }
    return (rest + [joined]).sorted { $0.lowerBound < $1.lowerBound }
  }
}
