import APIContract
import Cryptography
import Domain
import HTTPTypes

/// The cookie of an operator's session (RFC 6265).
struct SessionCookie: Equatable {
  /// The longest `Cookie` that is looked at, in bytes: of other programs on the same host there may be some.
  private static let longestHeader = 16 * 1024

  /// 43 characters of A-Z a-z 0-9 - _.
  let secret: String

  /// Reads the cookie of a request (section 4.2.1).
  /// - Returns: nil where it is missing or none of ours, and where there are several that differ: another host of the same
  ///   domain can set one, and it cannot be told which is which.
  init?(_ headers: HTTPFields) {
    let lines = headers[values: .cookie]
    guard lines.reduce(0, { $0 + $1.utf8.count }) <= Self.longestHeader else { return nil }
    var found: Set<[UInt8]> = []
    for line in lines {
      for pair in Array(line.utf8).split(separator: UInt8(ascii: ";")) {
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
        guard Self.trimmed(pair[..<equals]).elementsEqual(Endpoints.sessionCookie.utf8) else { continue }
        found.insert(Array(Self.unquoted(Self.trimmed(pair[(equals + 1)...]))))
      }
    }
    guard found.count == 1, let value = found.first, value.count == 43, value.allSatisfy(Base64URL.isCharacter) else {
      return nil
    }
    secret = String(decoding: value, as: UTF8.self)
  }

  init(secret: String) { self.secret = secret }

  /// What changes by the cookie have to show beside it: only who has the cookie can make it, and scripts of pages, who are told
  /// it by the service, cannot come from it to the cookie.
  var csrf: String {
    Base64URL.encode(KeyedHash.sha256(of: Array("firmament csrf".utf8), key: Array(secret.utf8)))
  }

  /// The value of `Set-Cookie` (section 4.1.1): for no script, and for no request that another site causes.
  /// - Parameters:
  ///   - seconds: how long browsers keep it; 0 to forget it.
  ///   - isSecure: whether it shall go by https only.
  func setting(path: String, seconds: Int64, isSecure: Bool) -> String {
    "\(Endpoints.sessionCookie)=\(seconds > 0 ? secret : ""); Path=\(path); HttpOnly; SameSite=Strict; Max-Age=\(seconds)"
      + (isSecure ? "; Secure" : "")
  }

  /// Without blanks at its ends.
  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    while let last = rest.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { rest.removeLast() }
    return rest
  }

  /// A value may stand in quotation marks (section 4.1.1).
  private static func unquoted(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let quote = UInt8(ascii: "\"")
    return bytes.count >= 2 && bytes.first == quote && bytes.last == quote ? bytes.dropFirst().dropLast() : bytes
  }
}

extension HTTPField.Name {
  static let csrfToken = HTTPField.Name(Endpoints.csrfHeader)!
}
