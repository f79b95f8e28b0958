import Domain
import Testing

@Suite struct VersionSpreadTests {
  private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

  private func spread(_ times: Int64...) -> VersionSpread { VersionSpread(times: times.map(time)) }

  private func samples(_ numbers: (Int64, Int)...) -> [VersionSample] {
    numbers.map { VersionSample(at: time($0.0), things: $0.1) }
  }

  @Test func `times are evenly spaced, each once, and end where they should`() {
    func times(_ start: Int64, _ end: Int64, _ points: Int) -> [Int64] {
      VersionSpread.times(
        from: Timestamp(milliseconds: start), to: Timestamp(milliseconds: end), points: points
      ).map(\.milliseconds)
    }
    #expect(times(0, 10, 3) == [0, 5, 10])
    #expect(times(0, 10, 4) == [0, 3, 6, 10])
    #expect(times(7, 10, 1) == [10])
    #expect(times(10, 10, 60) == [10])
    #expect(times(8, 10, 500) == [8, 9, 10])
    let longest = times(-62_167_219_200_000, 253_402_300_799_999, 500)
    #expect(longest.count == 500 && longest.first == -62_167_219_200_000 && longest.last == 253_402_300_799_999)
    #expect(longest == longest.sorted())
  }

  @Test func `a number holds from its sample until the next, and before the first there are no things`() {
    var spread = spread(0, 9, 10, 15, 20, 30)
    spread.add("1.0", samples((10, 4), (12, 7), (16, 5), (20, 0)))
    spread.add(nil, samples((9, 1)))
    spread.add("gone", samples((1, 5), (2, 0)))
    #expect(spread.versions == [.init(version: "1.0", things: [0, 0, 4, 7, 0, 0])])
    #expect(spread.unknown == .init(version: nil, things: [0, 1, 1, 1, 1, 1]))
    #expect(spread.others == nil)
  }

  @Test(arguments: [12, 13, 30], [false, true]) func `the smallest beyond twelve series are one`(count: Int, silent: Bool) {
    var spread = spread(0, 1)
    for number in (1...count).reversed() { spread.add("v\(number)", samples((0, number), (1, 2 * number))) }
    if silent { spread.add(nil, samples((0, 1000))) }
    let total = count + (silent ? 1 : 0)
    let named = total <= 12 ? count : silent ? 10 : 11
    #expect(Set(spread.versions.map(\.version)) == Set((1...count).suffix(named).map { "v\($0)" }))
    let folded = (1...count).dropLast(named).reduce(0, +)
    #expect(spread.others == (folded == 0 ? nil : .init(version: "other", things: [folded, 2 * folded])))
    #expect(spread.unknown == (silent ? .init(version: nil, things: [1000, 1000]) : nil))
    let all = spread.versions + [spread.others, spread.unknown].compactMap { $0 }
    #expect(all.count == min(total, 12))
  }

  @Test func `a version that is called other is counted among the others`() {
    var spread = spread(0)
    spread.add("other", samples((0, 3)))
    #expect(spread.versions.isEmpty)
    #expect(spread.others == .init(version: "other", things: [3]))
    for number in 1...11 { spread.add("v\(number)", samples((0, 10))) }
    #expect(spread.versions.count == 11 && spread.others?.things == [3])
    spread.add("v12", samples((0, 11)))
    #expect(spread.versions.count == 11 && spread.others?.things == [13])
  }
}
