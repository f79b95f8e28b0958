/// Digests of an image beside its `ImageDigest`, for devices that know no better one and ask for them by name. Other bytes with
/// the same of them can be made at will: they are told, and never compared to prove anything.
public struct OtherDigests: Sendable, Hashable {
  /// 40 hexadecimal digits in lower case.
  public let sha1: String
  /// 32 hexadecimal digits in lower case.
  public let md5: String

  public init(sha1: String, md5: String) {
    self.sha1 = sha1
    self.md5 = md5
  }
}
