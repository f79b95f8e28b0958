internal import COpenSSL

/// The kinds of key that sign firmware.
public enum KeyAlgorithm: String, Sendable, CaseIterable {
  /// RFC 8032; signatures are 64 bytes.
  case ed25519 = "ed25519"
  /// FIPS 186-4 on P-256 with SHA-256; signatures are DER.
  case ecdsaP256 = "ecdsa-p256"
}

/// A key that signs. It stays with the engineer who made it: the service never has one.
public struct PrivateKey: Sendable {
  public let algorithm: KeyAlgorithm
  private let handle: KeyHandle

  public static func generate(_ algorithm: KeyAlgorithm) throws -> PrivateKey {
    let key = algorithm == .ed25519 ? firmament_generate_ed25519() : firmament_generate_p256()
    guard let key else { throw CryptographyError(.failed, "OpenSSL made no key") }
    return PrivateKey(algorithm: algorithm, handle: KeyHandle(key))
  }

  private init(algorithm: KeyAlgorithm, handle: KeyHandle) {
    self.algorithm = algorithm
    self.handle = handle
  }

  /// - Parameter pem: an unencrypted PKCS#8 private key (RFC 5958) in PEM (RFC 7468).
  /// - Throws: `malformedKey` or `unsupportedKey`.
  public init(pem: String) throws {
    let key = try KeyHandle.read(pem) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }
    guard let key else { throw CryptographyError(.malformedKey, "not an unencrypted private key in PEM") }
    handle = KeyHandle(key)
    algorithm = try handle.algorithm()
  }

  /// The key as PKCS#8 in PEM, not encrypted.
  public func pem() throws -> String {
    try KeyHandle.text { PEM_write_bio_PKCS8PrivateKey($0, handle.pointer, nil, nil, 0, nil, nil) }
  }

  public var publicKey: PublicKey {
    get throws { try PublicKey(pem: KeyHandle.text { PEM_write_bio_PUBKEY($0, handle.pointer) }) }
  }

  public func sign(_ bytes: [UInt8]) throws -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw CryptographyError(.failed, "no memory") }
    defer { EVP_MD_CTX_free(context) }
    var length = 0
    guard EVP_DigestSignInit(context, nil, algorithm.digest, nil, handle.pointer) == 1,
      EVP_DigestSign(context, nil, &length, bytes, bytes.count) == 1
    else { throw CryptographyError(.failed, "OpenSSL could not sign") }
    var signature = [UInt8](repeating: 0, count: length)
    guard EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1 else {
      throw CryptographyError(.failed, "OpenSSL could not sign")
    }
    return Array(signature.prefix(length))
  }
}

/// A key that verifies.
public struct PublicKey: Sendable {
  public let algorithm: KeyAlgorithm
  /// SubjectPublicKeyInfo (RFC 5280) in PEM, as OpenSSL writes it.
  public let pem: String
  /// SHA-256 of the SubjectPublicKeyInfo's DER, hexadecimal: what signatures call the key.
  public let id: String
  private let handle: KeyHandle

  /// - Parameter pem: a SubjectPublicKeyInfo in PEM.
  /// - Throws: `malformedKey` or `unsupportedKey`.
  public init(pem text: String) throws {
    let key = try KeyHandle.read(text) { PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil) }
    guard let key else { throw CryptographyError(.malformedKey, "not a public key in PEM") }
    handle = KeyHandle(key)
    algorithm = try handle.algorithm()
    let handle = handle
    pem = try KeyHandle.text { PEM_write_bio_PUBKEY($0, handle.pointer) }
    var der: UnsafeMutablePointer<UInt8>?
    let length = i2d_PUBKEY(key, &der)
    guard length > 0, let der else { throw CryptographyError(.failed, "OpenSSL could not write the key") }
    defer { CRYPTO_free(der, #file, #line) }
    var digest = [UInt8](repeating: 0, count: 32)
    _ = SHA256(der, Int(length), &digest)
    id = digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.utf8.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// Whether the signature over the bytes was made by this key's private half.
  public func verifies(_ signature: [UInt8], over bytes: [UInt8]) -> Bool {
    guard let context = EVP_MD_CTX_new() else { return false }
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    guard EVP_DigestVerifyInit(context, nil, algorithm.digest, nil, handle.pointer) == 1 else { return false }
    return EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
  }
}

extension KeyAlgorithm {
  /// Ed25519 hashes inside the scheme; ECDSA is told to use SHA-256.
  fileprivate var digest: OpaquePointer? { self == .ed25519 ? nil : EVP_sha256() }
}

/// Owns an EVP_PKEY. OpenSSL counts references to it atomically, and a key is not changed once made.
private final class KeyHandle: @unchecked Sendable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { EVP_PKEY_free(pointer) }

  func algorithm() throws -> KeyAlgorithm {
    if EVP_PKEY_is_a(pointer, "ED25519") == 1 { return .ed25519 }
    var name = [CChar](repeating: 0, count: 64)
    var length = 0
    if EVP_PKEY_is_a(pointer, "EC") == 1, EVP_PKEY_get_group_name(pointer, &name, name.count, &length) == 1 {
      let group = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if group == "prime256v1" { return .ecdsaP256 }
    }
    throw CryptographyError(.unsupportedKey, "only Ed25519 and ECDSA P-256 keys are supported")
  }

  /// Lets `read` take a key out of a PEM; nil where it finds none. OpenSSL may look at the bytes only for as long as that
  /// lasts. A callback for passwords has to fail: 0 would be an empty password.
  static func read(_ pem: String, _ read: (OpaquePointer) -> OpaquePointer?) throws -> OpaquePointer? {
    let bytes = Array(pem.utf8)
    return try bytes.withUnsafeBytes { bytes in
      guard let count = Int32(exactly: bytes.count), count > 0 else { return nil }
      guard let bio = BIO_new_mem_buf(bytes.baseAddress, count) else { throw CryptographyError(.failed, "no memory") }
      defer {
        BIO_free(bio)
        ERR_clear_error()
      }
      return read(bio)
    }
  }

  static func text(_ write: (OpaquePointer) -> Int32) throws -> String {
    guard let bio = BIO_new(BIO_s_mem()) else { throw CryptographyError(.failed, "no memory") }
    defer { BIO_free(bio) }
    var bytes: UnsafeMutablePointer<CChar>?
    guard write(bio) == 1, case let length = firmament_bio_bytes(bio, &bytes), length > 0, let bytes else {
      throw CryptographyError(.failed, "OpenSSL could not write the key")
    }
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: Int(length)), as: UTF8.self)
  }
}
