internal import COpenSSL

/// SHA-1, for the handshake of WebSocket alone (RFC 6455 section 4.2.2), which asks for it by name. It protects nothing there
/// and must be used for nothing else.
public enum SHA1Digest {
  /// The 20 bytes of the digest.
  public static func digest(of bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 20)
    guard EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha1(), nil) == 1 else { fatalError("OpenSSL has no SHA-1") }
    return digest
  }
}
