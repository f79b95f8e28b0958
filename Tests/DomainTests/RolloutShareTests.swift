import TestSupport
import Testing

@testable import Domain

@Suite("Places and shares of a rollout") struct RolloutShareTests {
  private static let ids: [String] = {
    var random = SeededGenerator(seed: 5)
    return (0..<100_000).map { _ in random.bytes(12).map { String($0, radix: 16) }.joined() }
  }()

  /// The values come from another implementation, in Python.
  @Test func `places never change`() {
    #expect(RolloutShare.place(of: "t-0001", in: "r-0001") == 83_378)
    #expect(RolloutShare.place(of: "t-0002", in: "r-0001") == 572_393)
    #expect(RolloutShare.place(of: "t-0001", in: "r-0002") == 972_138)
    #expect(RolloutShare.place(of: "", in: "") == 108_358)
    #expect(RolloutShare.place(of: "thing", in: "") == 936_318)
    #expect(RolloutShare.place(of: "", in: "thing") == 312_966)
  }

  private static func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
  }

  /// With 99 degrees of freedom chance alone exceeds 149 once in a thousand times.
  @Test func `things are spread evenly, also when their ids only count up`() {
    let counted = (0..<100_000).map { "thing-\($0)" }
    for ids in [Self.ids, counted] {
      var counts = [Int](repeating: 0, count: 100)
      for id in ids {
        let place = RolloutShare.place(of: id, in: "rollout-1")
        #expect((0..<1_000_000).contains(place))
        counts[place / 10_000] += 1
      }
      #expect(Self.chiSquare(counts) < 149, "\(Self.chiSquare(counts))")
    }
  }

  /// 100 cells again: the deciles of a thing in two rollouts whose ids differ by one character.
  @Test func `the place in one rollout says nothing about the place in another`() {
    for other in ["rollout-2", "rollout-3", "rollout-10", "sollout-1"] {
      var counts = [Int](repeating: 0, count: 100)
      for id in Self.ids {
        let first = RolloutShare.place(of: id, in: "rollout-1") / 100_000
        counts[first * 10 + RolloutShare.place(of: id, in: other) / 100_000] += 1
      }
      #expect(Self.chiSquare(counts) < 149, "\(other): \(Self.chiSquare(counts))")
    }
  }

  @Test(
    arguments: [
      ("1%", 10_000), ("0.5%", 5000), ("100%", 1_000_000), ("100.0000%", 1_000_000), ("0.0001%", 1), ("12.3456%", 123_456),
      ("01%", 10_000),
      ("99.9999%", 999_999), ("2.50%", 25_000), ("0%", nil), ("0.0%", nil), ("100.0001%", nil), ("101%", nil), ("1", nil),
      ("%", nil),
      ("", nil), (".5%", nil), ("5.%", nil), ("-1%", nil), ("+1%", nil), ("1 %", nil), (" 1%", nil), ("1e1%", nil),
      ("0.00001%", nil),
      ("1.2.3%", nil), ("1,5%", nil), ("1000%", nil), ("١%", nil), ("99999999999999999999%", nil),
    ] as [(String, Int?)])
  func `shares are read as percent`(text: String, millionths: Int?) { #expect(RolloutShare.parse(text) == millionths) }

  @Test func `shares are written as they are read`() {
    for (millionths, text) in [(1, "0.0001%"), (5000, "0.5%"), (10_000, "1%"), (105_000, "10.5%"), (1_000_000, "100%")] {
      #expect(RolloutShare.text(millionths) == text)
    }
    for millionths in stride(from: 1, through: 1_000_000, by: 37) {
      #expect(RolloutShare.parse(RolloutShare.text(millionths)) == millionths)
    }
  }
}
