public import HummingbirdCore
public import NIOCore
import NIOHTTPTypes

/// A connection, before it is known what will become of it.
public struct FirmamentConnection: ServerChildChannelValue {
  typealias Parts = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  enum Use: Sendable {
    /// Requests that the framework answers one by one.
    case requests(Parts)
    /// Nothing that takes the framework: it has answered everything by itself, or become a stream, or was closed.
    case nothing
  }

  public let channel: any Channel
  let use: EventLoopFuture<Use>
  /// Nil where it is not encrypted.
  let secure: SecureConnection?
}
