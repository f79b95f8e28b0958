public import NIOCore

/// How long and how much one client connection may take. Every limit protects the server from clients that hold a connection
/// without using it; none of them bounds how long a request or a download may last as long as it moves.
public struct ConnectionLimits: Sendable {
  /// From the first bytes of a TLS connection to the end of its handshake, and for these bytes to come; then it is closed
  /// without a word.
  public var handshakeTimeout: TimeAmount = .seconds(10)
  /// From the first byte of a request head to its last; then 408.
  public var headTimeout: TimeAmount = .seconds(10)
  /// With no request begun and none in progress; then the connection is closed without a word.
  public var idleTimeout: TimeAmount = .seconds(60)
  /// Without a byte of the request body while the server waits for it; then 408, or just the end if a response has begun.
  public var bodyTimeout: TimeAmount = .seconds(30)
  /// Without the client taking a byte while the server has some to send. It is looked at once in this time, so that a client is
  /// given up between one and two of these after its last sign.
  public var writeTimeout: TimeAmount = .seconds(120)
  /// For the client to read the last response and close, after the server has closed its side.
  public var lingerTimeout: TimeAmount = .seconds(2)
  /// The name, the value of one header field, and the path, each in bytes; then 431.
  public var maximumHeaderFieldBytes = 16 * 1024
  /// All names and values of one request's header fields and its path, in bytes; then 431.
  public var maximumHeaderBytes = 32 * 1024
  /// Header fields of one request, trailers included; then 431.
  public var maximumHeaderFields = 100

  /// What may wait for a subscriber that does not take it, in bytes; a message that comes on top of more than this ends the
  /// subscription.
  public var subscriberQueueBytes = 64 * 1024
  /// One frame of a WebSocket client, in bytes; then the close code 1009.
  public var maximumFrameBytes = 16 * 1024

  public init() {}
}
