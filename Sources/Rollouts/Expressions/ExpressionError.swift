/// Why an expression or an update window was refused, and where in its text.
public struct ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
  public let message: String
  /// In characters, the first is 1; one past the last where something is missing at the end.
  public let position: Int

  public init(message: String, position: Int) {
    self.message = message
    self.position = position
  }

  public var description: String { "at character \(position): \(message)" }
}
