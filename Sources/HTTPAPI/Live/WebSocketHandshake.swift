import Cryptography
import Foundation
import HTTPTypes

/// The server's side of the opening handshake (RFC 6455 section 4.2).
enum WebSocketHandshake {
  private static let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

  /// The value of Sec-WebSocket-Accept.
  /// - Throws: `APIError`: 426 for another version than 13, 400 for a key that is not 16 bytes in base64.
  static func accept(_ headers: HTTPFields) throws -> String {
    guard headers[.secWebSocketVersion] == "13" else {
      throw APIError(
        status: .upgradeRequired, code: "websocket-version", message: "WebSocket version 13 is needed",
        headers: [.secWebSocketVersion: "13", .upgrade: "websocket"])
    }
    let keys = headers[values: .secWebSocketKey]
    guard keys.count == 1, Data(base64Encoded: keys[0])?.count == 16 else {
      throw APIError.malformed("Sec-WebSocket-Key: 16 bytes in base64 are needed")
    }
    return Data(SHA1Digest.digest(of: Array((keys[0] + magic).utf8))).base64EncodedString()
  }
}
