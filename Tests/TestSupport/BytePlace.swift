import Foundation

extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// Where `sought` begins and ends for the first time; nil where it is not there, or the bytes do not lie in one piece.
  ///
  /// The C library looks: Foundation's `firstRange(of:)` takes a thousand times as long where nothing is optimised.
  public func place(of sought: [UInt8]) -> Range<Int>? {
    let distance = withContiguousStorageIfAvailable { bytes -> Int? in
      guard let start = bytes.baseAddress, let first = sought.first else { return nil }
      var passed = 0
      while passed + sought.count <= bytes.count {
        guard let found = memchr(start + passed, Int32(first), bytes.count - passed - sought.count + 1) else { return nil }
        passed = UnsafeRawPointer(start).distance(to: UnsafeRawPointer(found))
        if memcmp(found, sought, sought.count) == 0 { return passed }
        passed += 1
      }
      return nil
    }
    guard let distance = distance ?? nil else { return nil }
    return startIndex + distance..<startIndex + distance + sought.count
  }
}
