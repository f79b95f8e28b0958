/// Why an image of a recognised format is refused.
///
/// Errors of the `ImageBytes` that was given (a disk that cannot be read) pass through unchanged and are not of this type.
public struct ImageFormatError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// The image ends before its header says it does.
    case truncated
    /// A field has a value that the format does not allow.
    case malformed
    /// A check sum inside the image does not match.
    case checksumMismatch
    /// A SHA-256 inside the image does not match.
    case digestMismatch
    /// A read gave fewer bytes than the size promised.
    case shortRead
  }

  public let code: Code

  /// The format that the image was recognised as.
  public let format: ImageFormat

  /// Where and what, as short text: `field`, `offset`.
  public let fields: [String: String]

  init(_ code: Code, _ format: ImageFormat, _ fields: [String: String] = [:]) {
    self.code = code
    self.format = format
    self.fields = fields
  }

  /// One constant sentence for each code.
  public var message: String {
    switch code {
    case .truncated: "The image is shorter than its header says."
    case .malformed: "A field of the image has a value that its format does not allow."
    case .checksumMismatch: "A check sum inside the image does not match its content."
    case .digestMismatch: "The SHA-256 inside the image does not match its content."
    case .shortRead: "The image could not be read to its end."
    }
  }

  public var description: String {
    let details = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    return "\(message) format=\(format.rawValue)\(details)"
  }
}
