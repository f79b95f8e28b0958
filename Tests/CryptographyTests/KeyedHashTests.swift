import Testing

@testable import Cryptography

@Suite("HMAC with SHA-256") struct KeyedHashTests {
  /// RFC 4231, cases 1, 2 and 6.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (Array("Jefe".utf8), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
      [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ]) func `is that of RFC 4231's examples`(key: [UInt8], message: String, code: String) {
    #expect(hex(KeyedHash.sha256(of: Array(message.utf8), key: key)) == code)
  }

  @Test func `is that of the openssl program`() throws {
    let key = RandomBytes.generate(32)
    try OpenSSLProgram.use { openssl in
      for count in [0, 1, 63, 64, 65, 10_000] {
        let message = RandomBytes.generate(count)
        try openssl.write(message, "message")
        let status = try openssl.run(
          "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(hex(key))", "-binary", "-out", "code", "message")
        #expect(status == 0)
        #expect(try openssl.bytes("code") == KeyedHash.sha256(of: message, key: key))
      }
    }
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
