import Domain
import TestSupport
import Testing

@Suite struct FirmwareVersionTests {
  private func compare(_ left: String, _ right: String) throws -> FirmwareVersion.Ordering? {
    FirmwareVersion.compare(try #require(FirmwareVersion(left)), try #require(FirmwareVersion(right)))
  }

  @Test func `the precedence examples of SemVer, section 11, hold`() throws {
    for chain in [
      ["1.0.0", "2.0.0", "2.1.0", "2.1.1"],
      [
        "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
        "1.0.0",
      ],
    ] {
      for (index, left) in chain.enumerated() {
        for (other, right) in chain.enumerated() {
          #expect(try compare(left, right) == (index == other ? .same : index < other ? .older : .newer), "\(left) \(right)")
        }
      }
    }
  }

  @Test(arguments: [
    ("1.9", "1.10"), ("v1.9", "v1.10"), ("1.9", "v1.10"), ("2021.2.1", "2021.02.2"), ("2021.02.1", "2024.0.4"), ("9", "10"),
    ("1.2.3", "1.2.3.1"), ("1.2", "1.2.0.0.1"), ("1.29.7", "1.29.8"), ("1.0.0-2", "1.0.0-10"),
    ("1.0.0-9999999999999999999", "1.0.0-a"),
    ("1.0.99999999999999999998", "1.0.99999999999999999999"), ("99999999999999999999.0", "100000000000000000000.0"),
    ("1.0.0-rc1+5", "1.0.0+1"), ("1.0.0-A", "1.0.0-a"), ("v0", "V1"), ("1.2", "1.2.0.1"), ("1.09", "1.0010"), ("0", "0.0.1"),
  ])
  func `the first is older than the second`(older: String, newer: String) throws {
    #expect(try compare(older, newer) == .older)
    #expect(try compare(newer, older) == .newer)
  }

  @Test(arguments: [
    ("1.2", "1.2.0"), ("2021.02.1", "2021.2.1"), ("v1.0", "1.0.0.0"), ("1.0.0+a", "1.0.0+b"), ("1.0.0", "v1.0.0+7"),
    ("007", "7"),
    ("1.2.000", "v1.02"), ("abc", "abc"), ("1f5d945af", "1f5d945af"), ("0", "0.0"),
  ])
  func `both are the same`(left: String, right: String) throws {
    #expect(try compare(left, right) == .same)
    #expect(try compare(right, left) == .same)
  }

  @Test(arguments: [
    ("1.2.3", "1f5d945af"), ("2.06-13deb12u1", "2.06-13deb12u2"), ("1.0.0-rc1", "1.0"), ("1.2.x", "1.2.3"), ("1..2", "1.2"),
    (".1", "1"),
    ("1.", "1"), ("vv1", "1"), ("1.0.0-01", "1.0.0-1"), ("1.0.0-", "1.0.0"), ("1.0.0+", "1.0.0"), ("1.0.0-a..b", "1.0.0-a"),
    ("v", "1"),
    ("1.0.0-a_b", "1.0.0"), ("１.0", "1.0"), ("-1.0", "1.0"), ("main", "develop"), ("1.0.0+a+b", "1.0.0"),
    ("2.x", "1.0"), ("2.0.0.x", "1.0"), ("1.0", "2..0"), ("v1.0 a", "v2.0"), ("1.0", "2.0/"), ("1.0", "2.0:"),
    ("1\u{301}.0", "2.0"),
  ])
  func `forms that have no order in common are not compared`(left: String, right: String) throws {
    #expect(try compare(left, right) == nil)
    #expect(try compare(right, left) == nil)
  }

  private func randomVersion(_ random: inout SeededGenerator) -> String {
    func number() -> String {
      String(repeating: "0", count: Int.random(in: 0...3, using: &random) == 0 ? 1 : 0)
        + String(Int.random(in: 0...3, using: &random))
    }
    var text = ["", "v"].randomElement(using: &random) ?? ""
    text += (0..<Int.random(in: 1...4, using: &random)).map { _ in number() }.joined(separator: ".")
    if Int.random(in: 0...2, using: &random) == 0 {
      text += ["-a", "-1", "-a.1", "-b", "-rc.2", "-1.a"].randomElement(using: &random) ?? ""
    }
    if Int.random(in: 0...3, using: &random) == 0 { text += "+" + number() }
    return text
  }

  @Test func `the order is antisymmetric and transitive`() throws {
    var random = SeededGenerator(seed: 4)
    let versions = try (0..<60).map { _ in try #require(FirmwareVersion(randomVersion(&random))) }
    let opposite: [FirmwareVersion.Ordering: FirmwareVersion.Ordering] = [.older: .newer, .newer: .older, .same: .same]
    for one in versions {
      #expect(FirmwareVersion.compare(one, one) == .same)
      for two in versions {
        let order = FirmwareVersion.compare(one, two)
        #expect(FirmwareVersion.compare(two, one) == order.flatMap { opposite[$0] }, "\(one) \(two)")
        guard let order, order != .newer else { continue }
        for three in versions {
          guard let next = FirmwareVersion.compare(two, three), next != .newer, let whole = FirmwareVersion.compare(one, three)
          else { continue }
          #expect(whole == (order == .same && next == .same ? .same : .older), "\(one) \(two) \(three)")
        }
      }
    }
  }

  @Test func `a whole number is digits only`() throws {
    for text in ["0", "7", "007", "123456789012345"] { #expect(try #require(FirmwareVersion(text)).isWholeNumber) }
    for text in ["1.0", "v1", "-1", "1e3", "1234567890123456", "１"] {
      #expect(try !#require(FirmwareVersion(text)).isWholeNumber)
    }
  }

  @Test func `a text that can not be printed is no version`() {
    for text in ["", " 1", "1\n", "1\u{0}", String(repeating: "1", count: 65)] { #expect(FirmwareVersion(text) == nil) }
    #expect(FirmwareVersion("2.06-13deb12u1")?.description == "2.06-13deb12u1")
  }
}
