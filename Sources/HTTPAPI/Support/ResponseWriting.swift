import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// How routes answer: compact JSON, Content-Length, head and body in one write.
extension Response {
  static func jsonBytes(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
    var headers = headers
    headers[.contentType] = headers[.contentType] ?? "application/json"
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  static func json(_ shape: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    jsonBytes(try JSONText.encode(shape), status: status)
  }

  static func text(_ text: String, type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok) -> Response {
    Response(status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
