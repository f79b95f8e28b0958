/// A poll of a thing that may have asked the same before, in numbers.
public struct RepeatedPoll: Sendable {
  let key: TokenKey
  /// What it asks.
  let query: UInt64
  /// What was answered before, where that still holds.
  public internal(set) var answer: AnswerMark?

  /// - Parameters:
  ///   - token: the bytes of the secret, unchecked.
  ///   - query: the bytes of the query behind `?`, empty where there is none.
  public init(ofThingBy token: UnsafeRawBufferPointer, asked query: UnsafeRawBufferPointer) {
    (key, self.query) = (TokenKey(token), Self.number(of: query))
  }

  /// A number for a query, which nobody outside can foresee; 0 for none.
  static func number(of query: UnsafeRawBufferPointer) -> UInt64 {
    guard !query.isEmpty else { return 0 }
    var hasher = Hasher()
    hasher.combine(bytes: query)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}
