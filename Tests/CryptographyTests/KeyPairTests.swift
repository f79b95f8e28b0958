import Foundation
import Testing

@testable import Cryptography

@Suite("Keys that sign") struct KeyPairTests {
  private static let message = Array("what the engineer vouches for".utf8)

  private static func generate(_ algorithm: KeyAlgorithm, with openssl: OpenSSLProgram) throws {
    switch algorithm {
    case .ed25519: #expect(try openssl.run("genpkey", "-algorithm", "ed25519", "-out", "key.pem") == 0)
    case .ecdsaP256:
      #expect(
        try openssl.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem") == 0)
    }
    #expect(try openssl.run("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem") == 0)
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `the openssl program takes signatures of keys that are generated here`(algorithm: KeyAlgorithm) throws {
    let key = try PrivateKey.generate(algorithm)
    let signature = try key.sign(Self.message)
    let pem = try key.publicKey.pem
    try OpenSSLProgram.use { openssl in
      let isEdwards = algorithm == .ed25519
      #expect(try openssl.verifies(signature, over: Self.message, publicPEM: pem, isEdwards: isEdwards))
      #expect(try !openssl.verifies(signature, over: Self.message + [0], publicPEM: pem, isEdwards: isEdwards))
      try openssl.write(key.pem(), "own.pem")
      #expect(try openssl.run("pkey", "-in", "own.pem", "-pubout", "-out", "own.pub.pem") == 0)
      #expect(try openssl.text("own.pub.pem") == pem)
    }
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `keys and signatures of the openssl program are taken here`(algorithm: KeyAlgorithm) throws {
    try OpenSSLProgram.use { openssl in
      try Self.generate(algorithm, with: openssl)
      try openssl.write(Self.message, "message")
      if algorithm == .ed25519 {
        #expect(try openssl.run("pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "message", "-out", "sig") == 0)
      } else {
        #expect(try openssl.run("dgst", "-sha256", "-sign", "key.pem", "-out", "sig", "message") == 0)
      }
      let publicKey = try PublicKey(pem: openssl.text("public.pem"))
      #expect(publicKey.algorithm == algorithm)
      #expect(publicKey.verifies(try openssl.bytes("sig"), over: Self.message))
      #expect(!publicKey.verifies(try openssl.bytes("sig"), over: Self.message.reversed()))
      let privateKey = try PrivateKey(pem: openssl.text("key.pem"))
      #expect(privateKey.algorithm == algorithm)
      #expect(publicKey.verifies(try privateKey.sign(Self.message), over: Self.message))
      #expect(try privateKey.publicKey.pem == publicKey.pem)
      #expect(try privateKey.pem() == openssl.text("key.pem"))
    }
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `the id of a key is the SHA-256 of its DER`(algorithm: KeyAlgorithm) throws {
    let key = try PrivateKey.generate(algorithm).publicKey
    try OpenSSLProgram.use { openssl in
      try openssl.write(key.pem, "public.pem")
      #expect(try openssl.run("pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "der") == 0)
      #expect(try openssl.run("dgst", "-sha256", "-binary", "-out", "digest", "der") == 0)
      #expect(try openssl.bytes("digest").map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == key.id)
      #expect(key.id.utf8.count == 64)
    }
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `no changed byte of a signature or a message passes`(algorithm: KeyAlgorithm) throws {
    let key = try PrivateKey.generate(algorithm)
    let publicKey = try key.publicKey
    let signature = try key.sign(Self.message)
    #expect(publicKey.verifies(signature, over: Self.message))
    for index in signature.indices {
      var changed = signature
      changed[index] ^= 1
      #expect(!publicKey.verifies(changed, over: Self.message), "byte \(index) of the signature")
    }
    for index in Self.message.indices {
      var changed = Self.message
      changed[index] ^= 0x80
      #expect(!publicKey.verifies(signature, over: changed), "byte \(index) of the message")
    }
    #expect(!publicKey.verifies([], over: Self.message))
    #expect(!publicKey.verifies(signature + [0], over: Self.message))
    #expect(!publicKey.verifies(signature.dropLast(), over: Self.message))
    #expect(!publicKey.verifies(signature, over: []))
    #expect(try !PrivateKey.generate(algorithm).publicKey.verifies(signature, over: Self.message))
    let other: KeyAlgorithm = algorithm == .ed25519 ? .ecdsaP256 : .ed25519
    #expect(try !PrivateKey.generate(other).publicKey.verifies(signature, over: Self.message))
  }

  @Test func `an empty message can be signed`() throws {
    for algorithm in KeyAlgorithm.allCases {
      let key = try PrivateKey.generate(algorithm)
      #expect(try key.publicKey.verifies(key.sign([]), over: []))
    }
  }

  @Test(arguments: [
    ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], ["-algorithm", "ed448"], ["-algorithm", "x25519"],
  ])
  func `other kinds of key are refused by name`(arguments: [String]) throws {
    try OpenSSLProgram.use { openssl in
      let status = try openssl.run(["genpkey", "-out", "key.pem"] + arguments)
      #expect(status == 0)
      #expect(try openssl.run("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem") == 0)
      let ofPrivate = #expect(throws: CryptographyError.self) { _ = try PrivateKey(pem: openssl.text("key.pem")) }
      #expect(ofPrivate?.code == .unsupportedKey)
      let ofPublic = #expect(throws: CryptographyError.self) { _ = try PublicKey(pem: openssl.text("public.pem")) }
      #expect(ofPublic?.code == .unsupportedKey)
    }
  }

  @Test(arguments: ["pass:secret", "pass:"])
  func `an encrypted key is refused without a question, whatever its password`(password: String) throws {
    try OpenSSLProgram.use { openssl in
      try Self.generate(.ed25519, with: openssl)
      #expect(
        try openssl.run("pkcs8", "-topk8", "-in", "key.pem", "-v2", "aes256", "-passout", password, "-out", "locked.pem") == 0)
      let pem = try openssl.text("locked.pem")
      #expect(pem.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
      let error = #expect(throws: CryptographyError.self) { _ = try PrivateKey(pem: pem) }
      #expect(error?.code == .malformedKey)
    }
  }

  @Test func `what is no key is refused as such`() throws {
    let key = try PrivateKey.generate(.ecdsaP256)
    let (privatePEM, publicPEM) = (try key.pem(), try key.publicKey.pem)
    let huge = String(repeating: "A", count: 8 * 1024 * 1024)
    let begin = "-----BEGIN PUBLIC KEY-----\n"
    let end = "\n-----END PUBLIC KEY-----\n"
    let garbage = [
      "", "\n", "hello", "\0", begin, begin + end, begin + "AAAA" + end, begin + "!!!!" + end, huge, begin + huge + end,
      String(publicPEM.dropLast(30)), publicPEM.replacingOccurrences(of: "PUBLIC KEY", with: "CERTIFICATE"),
      publicPEM.replacingOccurrences(of: "M", with: "N"),
    ]
    for text in garbage {
      let ofPublic = #expect(throws: CryptographyError.self, "\(text.prefix(60))") { _ = try PublicKey(pem: text) }
      #expect(ofPublic?.code == .malformedKey, "\(text.prefix(60))")
      let ofPrivate = #expect(throws: CryptographyError.self, "\(text.prefix(60))") { _ = try PrivateKey(pem: text) }
      #expect(ofPrivate?.code == .malformedKey, "\(text.prefix(60))")
    }
    #expect(throws: CryptographyError.self) { _ = try PublicKey(pem: privatePEM) }
    #expect(throws: CryptographyError.self) { _ = try PrivateKey(pem: publicPEM) }
  }

  @Test func `a refusal never repeats key material`() throws {
    let pem = try PrivateKey.generate(.ed25519).pem()
    let secret = try #require(pem.split(separator: "\n").dropFirst().first)
    let error = #expect(throws: CryptographyError.self) { _ = try PublicKey(pem: pem) }
    #expect(error?.description.contains(secret) == false)
  }

  @Test func `a PEM is written the same however it came`() throws {
    let key = try PrivateKey.generate(.ed25519).publicKey
    let windows = key.pem.replacingOccurrences(of: "\n", with: "\r\n")
    #expect(try PublicKey(pem: "a comment\n" + windows + "\nmore").pem == key.pem)
    #expect(try PublicKey(pem: windows).id == key.id)
  }

  @Test func `one key may be used by many tasks at once`() async throws {
    let key = try PrivateKey.generate(.ecdsaP256)
    let publicKey = try key.publicKey
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<64 {
        group.addTask { publicKey.verifies(try key.sign([UInt8(number)]), over: [UInt8(number)]) }
      }
      for try await verified in group { #expect(verified) }
    }
  }
}
