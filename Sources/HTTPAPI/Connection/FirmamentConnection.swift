public import HummingbirdCore
public import NIOCore
import NIOHTTPTypes

/// A connection, before it is known what will become of it.
public struct FirmamentConnection: ServerChildChannelValue {
  typealias Parts = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  enum Use: Sendable {
    /// Requests that the framework answers one by one.
    case requests(Parts)
    /// One that became a stream with its first request. The first of all streams brings the end of the last.
    case stream(allEnded: EventLoopFuture<Void>?)
    /// It was closed before.
    case nothing
  }

  public let channel: any Channel
  let use: EventLoopFuture<Use>
}
