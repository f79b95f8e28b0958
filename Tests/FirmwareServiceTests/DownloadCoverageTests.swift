import Domain
import TestSupport
import Testing

@testable import FirmwareService

@Suite("Which bytes a thing was sent") struct DownloadCoverageTests {
  private static func firmware(_ size: Int64, id: Int64 = 1) -> Firmware {
    Firmware(
      id: id, publicID: "f\(id)", modelID: 1, model: "lamp", mcuID: 1, mcu: "main", version: FirmwareVersion("1")!, sequence: 1,
      digest: ImageDigest(bytes: Array(repeating: 0, count: 32))!, size: size, keyID: "", format: "raw", formatDetails: [:],
      createdAt: Timestamp(milliseconds: 0), registeredAt: Timestamp(milliseconds: 0), publishedAt: nil)
  }

  @Test func `a download is complete with the last byte that was missing, in any order`() {
    let ranges: [Range<Int64>] = [0..<30, 30..<31, 31..<70, 60..<90, 90..<100]
    for (number, order) in permutations(ranges).enumerated() {
      let coverage = DownloadCoverage()
      for (place, range) in order.enumerated() {
        let missing = Set(0..<100).subtracting(order[...place].joined().map(Int.init))
        #expect(coverage.add(range, of: Self.firmware(100), to: 1) == missing.isEmpty, "order \(number), range \(place)")
      }
    }
  }

  private func permutations<Element>(_ elements: [Element]) -> [[Element]] {
    guard elements.count > 1 else { return [elements] }
    return elements.indices.flatMap { index in
      var rest = elements
      let first = rest.remove(at: index)
      return permutations(rest).map { [first] + $0 }
    }
  }

  @Test func `one request for all of it is complete, and an empty range is nothing`() {
    let coverage = DownloadCoverage()
    #expect(!coverage.add(5..<5, of: Self.firmware(10), to: 1))
    #expect(coverage.add(0..<10, of: Self.firmware(10), to: 1))
    #expect(coverage.add(0..<1, of: Self.firmware(1), to: 1))
  }

  @Test func `things and firmwares are not mixed up, and a complete download begins anew`() {
    let coverage = DownloadCoverage()
    #expect(!coverage.add(0..<5, of: Self.firmware(10), to: 1))
    #expect(!coverage.add(5..<10, of: Self.firmware(10), to: 2))
    #expect(!coverage.add(5..<10, of: Self.firmware(10, id: 2), to: 1))
    #expect(coverage.add(5..<10, of: Self.firmware(10), to: 1))
    #expect(!coverage.add(5..<10, of: Self.firmware(10), to: 1))
    #expect(coverage.add(0..<5, of: Self.firmware(10), to: 2))
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `complete means every byte, as a bitmap counts them`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let size = Int64.random(in: 1...120, using: &random)
    let coverage = DownloadCoverage()
    var sent = Set<Int64>()
    var completions = 0
    for step in 0..<400 {
      let start = Int64.random(in: 0..<size, using: &random)
      let end = Int64.random(in: start...min(size, start + 1 + size / 4), using: &random)
      sent.formUnion(start..<end)
      let isComplete = coverage.add(start..<end, of: Self.firmware(size), to: 1)
      #expect(isComplete == (start < end && sent.count == Int(size)), "step \(step), \(start)..<\(end) of \(size)")
      if isComplete {
        completions += 1
        sent = []
      }
    }
    #expect(completions > 0)
  }

  @Test func `more gaps than are followed never make an incomplete download complete`() {
    let coverage = DownloadCoverage()
    let firmware = Self.firmware(1000)
    for start in stride(from: Int64(0), to: 998, by: 2) { #expect(!coverage.add(start..<start + 1, of: firmware, to: 1)) }
    #expect(!coverage.add(1..<2, of: firmware, to: 1))
    #expect(!coverage.add(2..<999, of: firmware, to: 1), "the last byte is missing")
    #expect(coverage.add(999..<1000, of: firmware, to: 1))
  }
}
