/// Why the store refused bytes or could not give them.
public struct ImageStoreError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The bytes are not the image they were announced as.
    case digestMismatch
    /// More bytes than an image may have.
    case tooLarge
    /// The range does not begin where the upload stopped.
    case wrongOffset
    /// Another upload of the same image is under way.
    case busy
    /// No space left. Nothing is left behind.
    case diskFull
    /// The stored bytes are no longer what their name says: the disk has changed them.
    case damaged
    /// No such image.
    case missing
    /// The file system failed.
    case failed
  }

  public let code: Code
  public let message: String
  /// How many bytes of the image have arrived; only with `wrongOffset`.
  public let received: Int64?

  init(_ code: Code, _ message: String, received: Int64? = nil) {
    self.code = code
    self.message = message
    self.received = received
  }

  public var description: String { message }
}
