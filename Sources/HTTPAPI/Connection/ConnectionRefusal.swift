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

  var head: HTTPResponseHead {
    let headers: HTTPHeaders = [
      "Content-Type": "application/json", "Content-Length": String(body.utf8.count), "Connection": "close",
    ]
    return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
  }

  /// In the form of the thing API, which is where such clients knock.
  var body: String { #"{"status":"error","code":\#(status.code),"message":"\#(message)"}"# }

  /// Head and body as they go over the wire.
  var bytes: ByteBuffer {
    var text = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
    for (name, value) in head.headers { text += "\(name): \(value)\r\n" }
    return ByteBuffer(string: text + "\r\n" + body)
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
