import Testing

@testable import HTTPAPI

@Suite struct ClientAddressTests {
  private static let hops: [(String, String, Set<String>, String)] = [
    // What a client writes itself counts for nothing.
    ("192.0.2.1", "203.0.113.9", [], "192.0.2.1"), ("192.0.2.1", "203.0.113.9", ["192.0.2.2"], "192.0.2.1"),
    // What our proxies write does, from the right.
    ("192.0.2.1", "203.0.113.9", ["192.0.2.1"], "203.0.113.9"), ("192.0.2.1", "", ["192.0.2.1"], "192.0.2.1"),
    ("192.0.2.1", "1.1.1.1, 203.0.113.9", ["192.0.2.1"], "203.0.113.9"),
    ("192.0.2.1", "1.1.1.1 ,203.0.113.9,192.0.2.2", ["192.0.2.1", "192.0.2.2"], "203.0.113.9"),
    ("192.0.2.1", "nonsense", ["192.0.2.1"], "192.0.2.1"), ("192.0.2.1", "203.0.113.9,,", ["192.0.2.1"], "203.0.113.9"),
    // One form for each address, and one customer for each network of IPv6.
    ("::ffff:192.0.2.1", "", [], "192.0.2.1"), ("2001:db8:0:1::5", "", [], "20010db800000001/64"),
    ("2001:DB8:0:1:ffff::", "", [], "20010db800000001/64"), ("::1", "203.0.113.9", ["0:0:0:0:0:0:0:1"], "203.0.113.9"),
  ]

  @Test(arguments: hops) func `is the peer's, or what a trusted proxy says`(
    peer: String, forwarded: String, trusted: Set<String>, address: String
  ) {
    #expect(ClientAddress.find(peer: peer, forwarded: forwarded, trusted: trusted) == address)
  }

  @Test func `is empty where there is no peer`() {
    #expect(ClientAddress.find(peer: nil, forwarded: "1.1.1.1", trusted: ["1.1.1.1"]) == "")
  }
}
