import HTTPTypes

extension ConnectionFront {
  /// Whether a request asks for a stream, as far as can be seen without looking for its route: a thing's own path, the events
  /// of a rollout, the query `subscribe=true`, or an upgrade to WebSocket.
  static func maySubscribe(_ head: HTTPRequest) -> Bool {
    guard head.method == .get, let target = head.path?.utf8 else { return false }
    let path = target.prefix { $0 != UInt8(ascii: "?") }
    if path.count < target.count, target[path.endIndex...].containsSubscription { return true }
    if head.headerFields[.upgrade] != nil, head.headerFields.hasToken("websocket", in: .upgrade) { return true }
    if isEventsOfRollout(path) { return true }
    var segments = path.split(separator: UInt8(ascii: "/"), maxSplits: 3).makeIterator()
    guard segments.next()?.elementsEqual("v2".utf8) == true, segments.next()?.elementsEqual("things".utf8) == true else {
      return false
    }
    guard segments.next() != nil else { return false }
    return segments.next()?.allSatisfy { $0 == UInt8(ascii: "/") } ?? true
  }

  private static func isEventsOfRollout(_ path: Substring.UTF8View) -> Bool {
    let parts = path.split(separator: UInt8(ascii: "/"), maxSplits: 5)
    guard parts.count == 5, parts[0].elementsEqual("api".utf8), parts[1].elementsEqual("v1".utf8) else { return false }
    return parts[2].elementsEqual("rollouts".utf8) && parts[4].elementsEqual("events".utf8)
  }
}

extension Substring.UTF8View {
  /// Whether a query has `subscribe=true` in it.
  fileprivate var containsSubscription: Bool {
    dropFirst().split(separator: UInt8(ascii: "&")).contains { $0.elementsEqual("subscribe=true".utf8) }
  }
}
