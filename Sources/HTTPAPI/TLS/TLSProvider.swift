public import NIOCore

/// Encrypts the connections of a listener.
public protocol TLSProvider: Sendable {
  /// A handler for one new connection, the first of its pipeline. Called on the connection's event loop.
  /// - Throws: where none can be made; the connection is closed then.
  func makeHandler(for channel: any Channel) throws -> any ChannelHandler & RemovableChannelHandler
}
