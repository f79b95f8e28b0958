public import NIOCore

/// How a message is packed for the wire. What servers send is the same for every subscriber, so that one packing serves all.
public enum LiveFraming: Sendable, CaseIterable {
  /// One chunk of a chunked body (RFC 9112 section 7.1).
  case chunk
  /// One server-sent event (HTML Living Standard, section 9.2), in one chunk.
  case event
  /// One unmasked text frame (RFC 6455 section 5.2).
  case webSocket
  /// The JSON text as it is: the end of one is where the next begins.
  case plain
  /// One server-sent event as it is.
  case plainEvent

  public func frame(_ json: [UInt8]) -> ByteBuffer {
    switch self {
    case .chunk: Self.chunk(json)
    case .event: Self.chunk(Self.event(json))
    case .webSocket: Self.webSocketFrame(opcode: 1, json)
    case .plain: ByteBuffer(bytes: json)
    case .plainEvent: ByteBuffer(bytes: Self.event(json))
    }
  }

  /// A whole frame of a server.
  /// - Parameter opcode: of RFC 6455 section 5.2.
  public static func webSocketFrame(opcode: UInt8, _ payload: [UInt8]) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.reserveCapacity(payload.count + 10)
    frame.writeInteger(0x80 | opcode)
    switch payload.count {
    case ...125: frame.writeInteger(UInt8(payload.count))
    case ...0xFFFF:
      frame.writeInteger(UInt8(126))
      frame.writeInteger(UInt16(payload.count))
    default:
      frame.writeInteger(UInt8(127))
      frame.writeInteger(UInt64(payload.count))
    }
    frame.writeBytes(payload)
    return frame
  }

  private static func chunk(_ bytes: [UInt8]) -> ByteBuffer {
    let size = String(bytes.count, radix: 16)
    var chunk = ByteBuffer()
    chunk.reserveCapacity(bytes.count + size.utf8.count + 4)
    chunk.writeString(size)
    chunk.writeStaticString("\r\n")
    chunk.writeBytes(bytes)
    chunk.writeStaticString("\r\n")
    return chunk
  }

  private static func event(_ json: [UInt8]) -> [UInt8] {
    // A line break may stand between the tokens of a JSON text; the reader puts the lines together again.
    let lines = json.split(omittingEmptySubsequences: false) { $0 == 10 || $0 == 13 }
    return lines.flatMap { Array("data: ".utf8) + $0 + [10] } + [10]
  }
}
