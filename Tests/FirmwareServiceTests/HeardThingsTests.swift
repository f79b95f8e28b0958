import TestSupport
import Testing

@testable import FirmwareService

@Suite("The things that were heard of") struct HeardThingsTests {
  @Test(arguments: [1, 2, 7, 120, 1024]) func `the turns together have every part once`(turns: Int) {
    let parts = (0..<turns).flatMap { HeardThings.parts(ofTurn: $0, of: turns) }
    #expect(parts.sorted() == Array(0..<HeardThings.partCount))
  }

  @Test func `the things of a small fleet are spread over the turns`() {
    var heard = HeardThings()
    for thingID in 1...100_000 as ClosedRange<Int64> { heard.insert(thingID) }
    let counts = (0..<64).map { turn in HeardThings.parts(ofTurn: turn, of: 64).reduce(0) { $0 + heard.take($1).count } }
    #expect(counts.reduce(0, +) == 100_000)
    #expect(counts.allSatisfy { (1000...2200).contains($0) }, "\(counts)")
  }

  @Test(arguments: [(0, 120), (240_000, 120), (500_000, 244), (1_000_000, 488), (3_000_000, 1024)])
  func `many take more turns, each of which has about as many`(count: Int64, turns: Int) {
    var heard = HeardThings()
    for thingID in 0..<count { heard.insert(thingID) }
    #expect(heard.turns(atLeast: 120) == turns)
    guard count > 0, turns < HeardThings.partCount else { return }
    let first = HeardThings.parts(ofTurn: 0, of: turns).reduce(0) { $0 + heard.take($1).count }
    #expect(first <= 3 * 2048, "a turn has two or three parts")
  }

  @Test func `what goes in comes out once, in order`() {
    var random = SeededGenerator(seed: 5)
    var heard = HeardThings()
    var expected: Set<Int64> = []
    for step in 0..<20_000 {
      let thingID =
        switch step % 4 {
        case 0: Int64.random(in: 1...Int64.max, using: &random)
        case 1: Int64.random(in: 1...300_000, using: &random)
        default: Int64.random(in: 1...3000, using: &random)
        }
      heard.insert(thingID)
      expected.insert(thingID)
      if step % 977 == 0 {
        for part in 0..<32 {
          let taken = heard.take(part)
          #expect(taken == taken.sorted() && expected.isSuperset(of: taken))
          expected.subtract(taken)
        }
      }
    }
    let taken = (0..<HeardThings.partCount).map { heard.take($0) }
    #expect(taken.allSatisfy { $0 == $0.sorted() })
    #expect(taken.reduce(0) { $0 + $1.count } == expected.count)
    #expect(Set(taken.flatMap { $0 }) == expected)
    #expect((0..<HeardThings.partCount).allSatisfy { heard.take($0).isEmpty })
  }
}
