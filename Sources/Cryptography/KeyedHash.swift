internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104, by OpenSSL): only who has the key can make it or check it.
public enum KeyedHash {
  /// 32 bytes.
  /// - Precondition: the key is not empty.
  public static func sha256(of message: [UInt8], key: [UInt8]) -> [UInt8] {
    precondition(!key.isEmpty, "HMAC without a key protects nothing")
    var code = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    guard HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &count) != nil, count == 32 else {
      fatalError("OpenSSL has no HMAC")
    }
    return code
  }
}
