import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("The cookie of a session") struct SessionCookieTests {
  private static let secret = String(repeating: "aB3-_", count: 8) + "xyz"

  private static func read(_ lines: [String]) -> String? {
    var headers = HTTPFields()
    for line in lines { headers.append(HTTPField(name: .cookie, value: line)) }
    return SessionCookie(headers)?.secret
  }

  @Test(
    arguments: [
      "firmament-session=S", " firmament-session=S ", "a=b; firmament-session=S", "firmament-session=S; a=b;",
      ";;firmament-session=S;;",
      "firmament-session=\"S\"", "a=b;firmament-session=S", "x; =; ==; firmament-session = S\t; y",
      "firmament-session=S; firmament-session=S",
      "firmament-sessionx=1; xfirmament-session=2; firmament-session=S; Firmament-Session=3", "a=\"; firmament-session=S",
    ]) func `is found among others`(line: String)
  { #expect(Self.read([line.replacing("S", with: Self.secret)]) == Self.secret) }

  @Test(
    arguments: [
      "", ";", "=", "firmament-session", "firmament-session=", "firmament-session=\"\"", "firmament-session=\"",
      "firmament-session=S=",
      "firmament-session=Sx", "firmament-session==S", "firmament-session=\"S", "firmament-session=S\"", "firmament-session=S,S",
      "FIRMAMENT-SESSION=S", "firmament-session=S; firmament-session=", "firmament-session=S; firmament-session=T",
      "firmament-session%3DS",
      "firmament-session=S\u{301}", "$Version=1, firmament-session=S",
    ]) func `is none where it is malformed or two differ`(line: String)
  {
    let other = String(Self.secret.reversed())
    #expect(Self.read([line.replacing("T", with: other).replacing("S", with: Self.secret)]) == nil)
  }

  @Test func `is found in one of several headers, and not behind very many others`() {
    let cookie = "firmament-session=\(Self.secret)"
    #expect(Self.read(["a=b", cookie]) == Self.secret)
    #expect(Self.read([cookie, "firmament-session=\(String(repeating: "c", count: 43))"]) == nil)
    #expect(Self.read([]) == nil)
    let many = String(repeating: "a=b; ", count: 3000)
    #expect(Self.read([many + cookie]) == Self.secret)
    #expect(Self.read([many + many + cookie]) == nil)
    #expect(Self.read([many, many, cookie]) == nil)
  }
}
