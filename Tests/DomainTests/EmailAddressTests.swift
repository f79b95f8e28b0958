import Testing

@testable import Domain

@Suite struct EmailAddressTests {
  @Test func `an address is in lower case, whoever writes it`() {
    #expect(EmailAddress.normalized("Ada.Lovelace+x@Example.COM") == "ada.lovelace+x@example.com")
    for address in ["a@b", "a@localhost", "o'brien@a-b.example", "x_y@1.2", "a@xn--bcher-kva.example"] {
      #expect(EmailAddress.normalized(address) == address)
    }
    let longest =
      String(repeating: "a", count: 64) + "@"
      + Array(repeating: String(repeating: "b", count: 62), count: 3)
      .joined(separator: ".")
    #expect(longest.utf8.count == 253 && EmailAddress.normalized(longest) == longest)
    #expect(EmailAddress.normalized(longest + "b") == longest + "b")
    #expect(EmailAddress.normalized(longest + "bb") == nil)
  }

  @Test(arguments: [
    "", "a", "@", "a@", "@b", "a@b@c", "a b@c", " a@b", "a@b ", "a@b\n", "a@b\r\nBcc: c@d", "a@b,c@d", "<a@b>", "\"a\"@b",
    ".a@b", "a.@b", "a..b@c", "a@b..c", "a@.b", "a@b.", "a@-b", "a@b-", "a@b_c", "ä@b", "a@bücher.example", "a@b\u{0}",
    "a@[127.0.0.1]", "a(b)@c", "a;b@c",
  ]) func `what is no address is refused`(text: String) {
    #expect(EmailAddress.normalized(text) == nil)
  }

  @Test func `a local part or a label that is too long is refused`() {
    #expect(EmailAddress.normalized(String(repeating: "a", count: 65) + "@b") == nil)
    #expect(EmailAddress.normalized("a@" + String(repeating: "b", count: 64)) == nil)
  }
}
