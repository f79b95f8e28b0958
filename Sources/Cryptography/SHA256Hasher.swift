internal import COpenSSL

/// SHA-256 over bytes that arrive in pieces (FIPS 180-4, by OpenSSL).
///
/// A hasher belongs to whoever feeds it: it is not shared between tasks at once.
public final class SHA256Hasher: @unchecked Sendable {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("OpenSSL has no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

  public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes(update) }

  /// The 32 bytes of the digest. The hasher starts anew afterwards.
  public func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &digest, nil)
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
    return digest
  }

  /// The SHA-256 of bytes at hand: 32 bytes.
  public static func digest(of bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = SHA256(bytes, bytes.count, &digest)
    return digest
  }

  /// The same as four numbers, the first bytes of the digest the highest of the first: nothing is allocated for it.
  public static func words(of bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
    var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &digest) { firmament_sha256(bytes.baseAddress, bytes.count, $0.baseAddress) }
    return (
      UInt64(bigEndian: digest.0), UInt64(bigEndian: digest.1), UInt64(bigEndian: digest.2), UInt64(bigEndian: digest.3)
    )
  }

  /// The SHA-256 of a text's UTF-8: 32 bytes.
  public static func digest(of text: some StringProtocol) -> [UInt8] { digest(of: Array(text.utf8)) }
}
