internal import COpenSSL

/// Bytes nobody can guess, from OpenSSL's generator.
public enum RandomBytes {
  public static func generate(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // A service without randomness would hand out guessable tokens: better none.
    guard RAND_bytes(&bytes, Int32(count)) == 1 else { fatalError("OpenSSL's random generator failed") }
    return bytes
  }
}

/// Comparison in a time that does not depend on where two secrets differ.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
