import APIContract
import NIOCore
import NIOHTTP1

/// The answers that a connection gives by itself, before or instead of the application; each is the last on its connection.
enum ConnectionRefusal: Sendable {
  /// 408: a head or a body stopped arriving.
  case tooSlow
  /// 400: what arrived is not HTTP.
  case malformed
  /// 431: a path or header fields over the limits.
  case headTooLarge

  init(_ error: HTTPParserError) {
    self = error == .headerOverflow ? .headTooLarge : .malformed
  }

  /// Head and body as they go over the wire: in the form of the thing API, which is where such clients knock, unless the
  /// request is known to be an operator's.
  func bytes(toOperator: Bool) -> ByteBuffer {
    let type = toOperator ? "application/problem+json" : "application/json"
    let body = toOperator ? problem : Array(#"{"status":"error","code":\#(status.code),"message":"\#(message)"}"#.utf8)
    let head = """
      HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\
      Connection: close\r\n\r\n
      """
    return ByteBuffer(bytes: Array(head.utf8) + body)
  }

  private var problem: [UInt8] {
    let title = status.reasonPhrase
    let problem = Problem(code: code, title: title, status: Int(status.code), detail: message)
    return (try? JSONText.encode(problem)) ?? []
  }

  private var code: String {
    switch self {
    case .tooSlow: "too-slow"
    case .malformed: "not-http"
    case .headTooLarge: "head-too-large"
    }
  }

  private var status: HTTPResponseStatus {
    switch self {
    case .tooSlow: .requestTimeout
    case .malformed: .badRequest
    case .headTooLarge: .requestHeaderFieldsTooLarge
    }
  }

  private var message: String {
    switch self {
    case .tooSlow: "the request took too long to arrive"
    case .malformed: "the request is not valid HTTP"
    case .headTooLarge: "the request line and headers are too long"
    }
  }
}
