import Testing

@testable import Cryptography

@Suite("SHA-256 and random bytes") struct DigestTests {
  /// FIPS 180-4's examples.
  private static let known = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  @Test func `SHA-1 is that of FIPS 180-4's examples`() {
    #expect(Self.hex(SHA1Digest.digest(of: [])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(Self.hex(SHA1Digest.digest(of: Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
  }

  @Test(arguments: known) func `known texts have the known digest, at once and in pieces`(text: String, digest: String) {
    let bytes = Array(text.utf8)
    #expect(Self.hex(SHA256Hasher.digest(of: bytes)) == digest)
    #expect(Self.hex(SHA256Hasher.digest(of: text)) == digest)
    let words = bytes.withUnsafeBytes { SHA256Hasher.words(of: $0) }
    let written = [words.0, words.1, words.2, words.3].flatMap { word in (0..<8).map { UInt8(word >> (56 - 8 * $0) & 255) } }
    #expect(Self.hex(written) == digest)
    let hasher = SHA256Hasher()
    // The hasher starts anew after each `finish`.
    for size in [1, 63, 64, 65, 4096] where bytes.count / size < 20_000 {
      for start in stride(from: 0, to: bytes.count, by: size) {
        hasher.update(Array(bytes[start..<min(start + size, bytes.count)]))
        hasher.update([])
      }
      #expect(Self.hex(hasher.finish()) == digest, "in pieces of \(size)")
    }
  }

  @Test func `SHA-1 and MD5 of any size are those of the openssl program, at once and in pieces`() throws {
    let hasher = try #require(LegacyDigestHasher())
    let all = RandomBytes.generate(300_001)
    try OpenSSLProgram.use { program in
      for size in [0, 1, 55, 56, 63, 64, 65, 4096, 300_001] {
        let bytes = Array(all[..<size])
        try program.write(bytes, "bytes")
        let wanted = try ["-sha1", "-md5"].map { algorithm in
          #expect(try program.run("dgst", algorithm, "-binary", "-out", "digest", "bytes") == 0)
          return try program.bytes("digest")
        }
        // The hasher starts anew after each `finish`.
        for piece in [max(size, 1), 1000, 63] {
          for start in stride(from: 0, to: size, by: piece) {
            hasher.update(Array(bytes[start..<min(start + piece, size)]))
            hasher.update([])
          }
          let made = hasher.finish()
          #expect([made.sha1, made.md5] == wanted, "\(size) bytes in pieces of \(piece)")
        }
      }
    }
  }

  @Test func `where OpenSSL may not have MD5 there is no hasher, and nothing ends`() {
    // Nobody's module of FIPS 140 has MD5.
    #expect(LegacyDigestHasher(properties: "fips=yes") == nil)
    #expect(LegacyDigestHasher() != nil)
  }

  @Test func `secrets are compared by length and by every byte`() {
    let secret = (0..<32).map { UInt8($0) }
    #expect(constantTimeEqual(secret, secret))
    #expect(constantTimeEqual([], []))
    #expect(!constantTimeEqual(secret, Array(secret.dropLast())))
    for index in secret.indices {
      var other = secret
      other[index] ^= 0x40
      #expect(!constantTimeEqual(secret, other))
    }
  }

  @Test func `random bytes have the length asked for and do not repeat`() {
    for count in [0, 1, 9, 16, 32, 1000] { #expect(RandomBytes.generate(count).count == count) }
    #expect(Set((0..<1000).map { _ in RandomBytes.generate(16) }).count == 1000)
  }
}
