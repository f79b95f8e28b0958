import Testing

@testable import Cryptography

@Suite("A password's hash") struct PasswordHashTests {
  private static let cheap = ScryptCost(logCost: 4, blockSize: 1, parallelism: 1)

  /// RFC 7914 section 12.
  private static let vectors: [(String, String, ScryptCost, String)] = [
    (
      "", "", ScryptCost(logCost: 4, blockSize: 1, parallelism: 1),
      "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
        + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
    ),
    (
      "password", "NaCl", ScryptCost(logCost: 10, blockSize: 8, parallelism: 16),
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    ),
    (
      "pleaseletmein", "SodiumChloride", ScryptCost(logCost: 14, blockSize: 8, parallelism: 1),
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    ),
  ]

  @Test(arguments: vectors) func `is scrypt as RFC 7914 has it`(password: String, salt: String, cost: ScryptCost, hex: String) {
    let derived = PasswordHash.scrypt(Array(password.utf8), salt: Array(salt.utf8), cost, length: 64)
    #expect(derived.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == hex)
  }

  @Test func `is what the openssl program derives`() throws {
    let (salt, cost) = ([UInt8](1...16), ScryptCost.standard)
    let derived = try OpenSSLProgram.use { program in
      let status = try program.run(
        "kdf", "-keylen", "32", "-binary", "-out", "key", "-kdfopt", "pass:correct horse", "-kdfopt",
        "hexsalt:0102030405060708090a0b0c0d0e0f10", "-kdfopt", "n:32768", "-kdfopt", "r:8", "-kdfopt", "p:3", "-kdfopt",
        "maxmem_bytes:67108864", "SCRYPT")
      #expect(status == 0)
      return try program.bytes("key")
    }
    #expect(PasswordHash.scrypt(Array("correct horse".utf8), salt: salt, cost, length: 32) == derived)
  }

  @Test func `matches its password and no other, also after it was stored`() throws {
    let hash = PasswordHash.make("pässword\u{0}1", cost: Self.cheap)
    let stored = try #require(PasswordHash(text: hash.text))
    #expect(stored == hash && stored.text == hash.text && stored.cost == Self.cheap)
    #expect(stored.matches("pässword\u{0}1"))
    for other in ["", "pässword", "pässword\u{0}", "pässword\u{0}2", "Pässword\u{0}1"] { #expect(!stored.matches(other)) }
    #expect(PasswordHash.make("same", cost: Self.cheap).text != PasswordHash.make("same", cost: Self.cheap).text)
    #expect(PasswordHash.make("", cost: ScryptCost.standard).text.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
    #expect(!PasswordHash.unmatchable(cost: Self.cheap).matches(""))
  }

  @Test func `is none in any other text, and tells nothing when it is printed`() {
    let text = PasswordHash.make("x", cost: Self.cheap).text
    for other in [
      "", "$", "x", text.replacing("scrypt", with: "bcrypt"), text.replacing("ln=4", with: "ln=25"),
      text.replacing("ln=4", with: "ln=-4"), text.replacing("r=1", with: "r=0"), text.replacing("p=1", with: "p=x"),
      text.replacing(",p=1", with: ""), text + "$", String(text.dropLast(30)), "$scrypt$ln=4,r=1,p=1$$",
      "$scrypt$ln=4,r=1,p=1$!!!!$" + String(repeating: "A", count: 43),
    ] { #expect(PasswordHash(text: other) == nil, "\(other)") }
    #expect("\(PasswordHash.make("x", cost: Self.cheap))" == "PasswordHash(…)")
  }
}
