import TestSupport

/// A page of a test's own, at an address of its own.
struct StaticPage: Sendable {
  let receiver: Receiver
  var origin: String { receiver.url }

  /// - Parameters:
  ///   - html: what is answered, whatever is asked for.
  ///   - policy: the Content-Security-Policy; nil for none.
  init(_ html: String, policy: String? = nil) throws {
    let head = policy.map { "Content-Security-Policy: \($0)\r\n" } ?? ""
    receiver = try Receiver(
      answer: "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: \(html.utf8.count)\r\n"
        + "Connection: close\r\n\(head)\r\n\(html)", closes: true)
  }

  /// A page with nothing wrong but what is added to it.
  /// - Parameters:
  ///   - head: further lines of the head.
  ///   - body: behind the heading.
  init(head: String = "", body: String, policy: String? = nil) throws {
    try self.init(
      """
      <!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
      <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">\(head)</head>
      <body><main><h1>A page</h1>\(body)</main></body></html>
      """, policy: policy)
  }
}
