/// What an expression reads a thing through.
public protocol ThingState {
  /// - Returns: nil where the thing has no such value. `linked` is a bool, `tag` texts, `geo` a point, `activatedAt` and
  ///   `lastSeen` times, `mcuVersion` a version; an age is a number of seconds.
  func value(of attribute: ThingAttribute) -> AttributeValue?
}
