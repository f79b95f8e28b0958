import TestSupport
import Testing

@testable import HTTPAPI

@Suite("The Range header")
struct ByteRangesTests {
  private static let size: Int64 = 1000

  @Test(
    "is read in all its forms",
    arguments: [
      ("bytes=0-0", [0..<1]), ("bytes=0-499", [0..<500]), ("bytes=500-", [500..<1000]), ("bytes=-1", [999..<1000]),
      ("bytes=-1000", [0..<1000]), ("bytes=-5000", [0..<1000]), ("bytes=999-5000", [999..<1000]), ("BYTES=1-2", [1..<3]),
      ("bytes=5-99999999999999999999999999", [5..<1000]), ("bytes=-99999999999999999999999999", [0..<1000]),
      ("bytes=0000000000000000000000000000007-8", [7..<9]), ("bytes=0-1,4-5", [0..<2, 4..<6]), (" bytes=0-1 ", [0..<2]),
      ("bytes= 0-1 ,\t4-5 ,, ", [0..<2, 4..<6]), ("bytes=,0-1", [0..<2]), ("bytes=4-5,0-1", [4..<6, 0..<2]),
      ("bytes=0-1,2000-3000", [0..<2]), ("bytes=0-1,-0", [0..<2]), ("bytes=0-9,5-19", [0..<20]), ("bytes=0-9,10-19", [0..<20]),
      ("bytes=20-29,0-9,25-39", [20..<40, 0..<10]), ("bytes=0-9,20-29,5-24", [0..<30]), ("bytes=50-,0-,10-20", [0..<1000]),
    ] as [(String, [Range<Int64>])])
  func readsRanges(header: String, expected: [Range<Int64>]) {
    #expect(RangeRequest.parse(header, size: Self.size, maximumRanges: 8) == .ranges(expected))
  }

  @Test(
    "is unsatisfiable when nothing of it exists",
    arguments: [
      "bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=-000", "bytes=1000-,-0,5000-6000", "bytes=9223372036854775807-",
      "bytes=9223372036854775808-", "bytes=99999999999999999999-99999999999999999999999",
    ])
  func findsUnsatisfiable(header: String) {
    #expect(RangeRequest.parse(header, size: Self.size, maximumRanges: 8) == .unsatisfiable)
  }

  @Test(
    "is ignored when it is malformed, of an unknown unit or of too many ranges",
    arguments: [
      "", "bytes", "bytes=", "bytes=,", "bytes= , ,", "bytes=-", "bytes=--1", "bytes=1--2", "bytes=a-b", "bytes=1-b",
      "bytes=1 -2",
      "bytes=1- 2", "bytes =0-1", "bytes=5-4", "bytes=0-1,5-4", "bytes=0-1;4-5", "bytes:0-1", "items=0-1", "bytes=0x1-2",
      "bytes=+1-2", "bytes=1-+2", "bytes=1", "bytes=1-2-3", "bytes=99999999999999999999-99999999999999999998",
      "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16", "bytes=0-0,-0,-0,-0,-0,-0,-0,-0,-0", "bytes=\u{661}-2",
      "bytes=0-1\u{0}",
      "bytes=0-1\n",
    ])
  func ignores(header: String) {
    #expect(RangeRequest.parse(header, size: Self.size, maximumRanges: 8) == .whole)
  }

  @Test("is not there: the whole is answered, and so it is for two lines of it")
  func countsLines() {
    #expect(RangeRequest.parse(nil, size: 10, maximumRanges: 8) == .whole)
    #expect(RangeRequest.parse(lines: [], size: 10, maximumRanges: 8) == .whole)
    #expect(RangeRequest.parse(lines: ["bytes=0-1", "bytes=0-1"], size: 10, maximumRanges: 8) == .whole)
    #expect(RangeRequest.parse(lines: ["bytes=0-1"], size: 10, maximumRanges: 8) == .ranges([0..<2]))
  }

  @Test("asks of an empty image nothing that a Content-Range could tell")
  func emptyImage() {
    #expect(RangeRequest.parse("bytes=0-", size: 0, maximumRanges: 8) == .unsatisfiable)
    #expect(RangeRequest.parse("bytes=0-0", size: 0, maximumRanges: 8) == .unsatisfiable)
    #expect(RangeRequest.parse("bytes=-1", size: 0, maximumRanges: 8) == .whole)
  }

  @Test(
    "covers exactly the bytes that a naive reading covers, each once, whatever is asked",
    arguments: 1...20 as ClosedRange<UInt64>)
  func agreesWithTheOracle(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let size = Int64.random(in: 0...24, using: &random)
      let header = Self.hostileHeader(using: &random)
      let answer = RangeRequest.parse(header, size: size, maximumRanges: 4)
      switch (Self.oracle(header, size: size, maximumRanges: 4), answer) {
      case (nil, .whole): break
      case (.some(let bytes), .unsatisfiable): #expect(bytes.isEmpty, "\(header) of \(size)")
      case (.some(let bytes), .ranges(let ranges)):
        #expect(ranges.flatMap { Array($0) }.sorted() == bytes.sorted(), "\(header) of \(size)")
        #expect(!ranges.contains(where: \.isEmpty) && !ranges.isEmpty, "\(header) of \(size)")
      case (let oracle, _): Issue.record("\(header) of \(size): \(answer), but the oracle says \(String(describing: oracle))")
      }
    }
  }

  private static func hostileHeader(using random: inout SeededGenerator) -> String {
    let alphabet = Array("0123456789---,,  \tx=")
    let unit = ["bytes=", "bytes=", "bytes=", "Bytes=", "byte=", "bytes"][Int.random(in: 0..<6, using: &random)]
    if Bool.random(using: &random) {
      let length = Int.random(in: 0...12, using: &random)
      return unit + String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
    }
    let specs = (0..<Int.random(in: 1...5, using: &random)).map { _ in
      let first = Int.random(in: 0...30, using: &random)
      let last = Int.random(in: 0...30, using: &random)
      return ["\(first)-\(last)", "\(first)-", "-\(last)"][Int.random(in: 0..<3, using: &random)]
    }
    return unit + specs.joined(separator: [",", ", ", " ,,"][Int.random(in: 0..<3, using: &random)])
  }

  /// The set of bytes asked for; nil for the whole.
  private static func oracle(_ header: String, size: Int64, maximumRanges: Int) -> Set<Int64>? {
    let spaces: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    func trim(_ text: Substring) -> Substring { Substring(text.drop(while: spaces).reversed().drop(while: spaces).reversed()) }
    guard header.lowercased().hasPrefix("bytes=") else { return nil }
    let members = header.dropFirst(6).split(separator: ",").map(trim).filter { !$0.isEmpty }
    guard !members.isEmpty, members.count <= maximumRanges else { return nil }
    var bytes: Set<Int64> = []
    for member in members {
      guard let match = member.wholeMatch(of: /([0-9]*)-([0-9]*)/) else { return nil }
      switch (Int64(match.1), Int64(match.2)) {
      case (nil, nil): return nil
      case (nil, .some(let length)):
        if size == 0, length > 0 { return nil }
        bytes.formUnion((0..<size).filter { $0 >= size - length })
      case (.some(let first), let last):
        if let last, last < first { return nil }
        bytes.formUnion((0..<size).filter { $0 >= first && $0 <= last ?? .max })
      }
    }
    return bytes
  }
}
