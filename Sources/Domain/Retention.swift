/// How long values are kept. Nil stands for ever.
public struct Retention: Sendable, Hashable {
  /// The newest so many values of each resource.
  public let values: Int?
  /// Values whose `datetime` is not older than this, in seconds; the newest of a resource stays, however old it is.
  public let seconds: Int64?

  public init(values: Int?, seconds: Int64?) {
    self.values = values
    self.seconds = seconds
  }
}
