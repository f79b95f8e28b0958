internal import COpenSSL

/// A symmetric key that keeps secrets readable for the service alone: AES-256-GCM (NIST SP 800-38D), a random nonce each time.
///
/// Sealed bytes are: 12 bytes of nonce, the ciphertext, 16 bytes of tag.
public struct SealingKey: Sendable {
  public static let length = 32
  private let key: [UInt8]

  /// - Parameter bytes: exactly 32 bytes, else nil.
  public init?(bytes: [UInt8]) {
    guard bytes.count == Self.length else { return nil }
    key = bytes
  }

  /// - Parameter context: bound to the sealed bytes but not stored in them, such as the id of the row they belong to.
  public func seal(_ secret: [UInt8], context: [UInt8]) -> [UInt8] {
    let nonce = RandomBytes.generate(12)
    guard let cipher = EVP_CIPHER_CTX_new() else { fatalError("no memory") }
    defer { EVP_CIPHER_CTX_free(cipher) }
    var output = [UInt8](repeating: 0, count: secret.count)
    var tag = [UInt8](repeating: 0, count: 16)
    var count: Int32 = 0
    let done =
      EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
      && EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
      && EVP_EncryptUpdate(cipher, &output, &count, secret, Int32(secret.count)) == 1
      && EVP_EncryptFinal_ex(cipher, nil, &count) == 1
      && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1
    guard done else { fatalError("OpenSSL could not encrypt") }
    return nonce + output + tag
  }

  /// - Throws: `notAuthentic` when another key, another context or another hand made the bytes.
  public func open(_ sealed: [UInt8], context: [UInt8]) throws -> [UInt8] {
    guard sealed.count >= 28, let cipher = EVP_CIPHER_CTX_new() else {
      throw CryptographyError(.notAuthentic, "the sealed bytes are too short")
    }
    defer { EVP_CIPHER_CTX_free(cipher) }
    let nonce = Array(sealed.prefix(12))
    let text = Array(sealed.dropFirst(12).dropLast(16))
    var tag = Array(sealed.suffix(16))
    var output = [UInt8](repeating: 0, count: text.count)
    var count: Int32 = 0
    var end: [UInt8] = [0]
    let authentic =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
      && EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
      && EVP_DecryptUpdate(cipher, &output, &count, text, Int32(text.count)) == 1
      && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1
      && EVP_DecryptFinal_ex(cipher, &end, &count) == 1
    guard authentic else { throw CryptographyError(.notAuthentic, "the sealed bytes are not authentic") }
    return output
  }
}
