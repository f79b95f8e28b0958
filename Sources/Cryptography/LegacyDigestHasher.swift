internal import COpenSSL

/// SHA-1 and MD5 over bytes that arrive in pieces, both in one pass (FIPS 180-4 and RFC 1321, by OpenSSL), for readers who know
/// no better one and ask for them by name. Bytes with the same of them can be made at will: they prove nothing.
///
/// A hasher belongs to whoever feeds it: it is not shared between tasks at once.
public final class LegacyDigestHasher: @unchecked Sendable {
  private let sha1: OpaquePointer
  private let md5: OpaquePointer

  /// Nil where this computer's OpenSSL has not both, as where it is kept to FIPS 140 and nothing else is loaded.
  public convenience init?() {
    // Not for security, and so taken wherever OpenSSL has them, also where its configuration prefers what FIPS 140 approves.
    self.init(properties: "-fips")
  }

  /// - Parameter properties: which implementations will do, as in property(7) of OpenSSL.
  init?(properties: String) {
    guard let sha1 = Self.context("SHA1", properties) else { return nil }
    guard let md5 = Self.context("MD5", properties) else {
      EVP_MD_CTX_free(sha1)
      return nil
    }
    self.sha1 = sha1
    self.md5 = md5
  }

  deinit {
    EVP_MD_CTX_free(sha1)
    EVP_MD_CTX_free(md5)
  }

  private static func context(_ name: String, _ properties: String) -> OpaquePointer? {
    guard let algorithm = EVP_MD_fetch(nil, name, properties) else {
      ERR_clear_error()
      return nil
    }
    // The context keeps it alive.
    defer { EVP_MD_free(algorithm) }
    guard let context = EVP_MD_CTX_new() else { return nil }
    guard EVP_DigestInit_ex2(context, algorithm, nil) == 1 else {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
      return nil
    }
    return context
  }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(sha1, bytes.baseAddress, bytes.count)
    EVP_DigestUpdate(md5, bytes.baseAddress, bytes.count)
  }

  public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes(update) }

  /// The 20 bytes of the SHA-1 and the 16 of the MD5. The hasher starts anew afterwards.
  public func finish() -> (sha1: [UInt8], md5: [UInt8]) { (Self.finish(sha1, count: 20), Self.finish(md5, count: 16)) }

  private static func finish(_ context: OpaquePointer, count: Int) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: count)
    EVP_DigestFinal_ex(context, &digest, nil)
    EVP_DigestInit_ex2(context, nil, nil)
    return digest
  }
}
