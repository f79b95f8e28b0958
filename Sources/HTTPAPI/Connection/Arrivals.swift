import Doorstep
import Logging
import NIOCore
import NIOPosix

/// Stands behind a listener's doorstep: it answers what is asked once and from memory, and gives every other connection a
/// channel on an event loop.
struct Arrivals: ConnectionTaker {
  private let hot: HotAnswers
  private let open: OpenConnections
  private let group: any EventLoopGroup
  private let log: Logger
  private let failures: AcceptFailures
  private let begin: @Sendable (any Channel) throws -> Void

  /// - Parameter begin: makes a connection of a channel, on its event loop.
  init(
    hot: HotAnswers, open: OpenConnections, group: any EventLoopGroup, log: Logger,
    begin: @escaping @Sendable (any Channel) throws -> Void
  ) {
    self.hot = hot
    self.open = open
    self.group = group
    self.log = log
    self.begin = begin
    failures = AcceptFailures(log: log)
  }

  func makeGreeter() -> any Greeter { HotGreeter(hot) }

  func take(_ connection: HandedConnection) {
    open.expect()
    ClientBootstrap(group: group)
      .channelInitializer { [begin] channel in
        do {
          // It comes before what else is read: nothing is before the channel is active.
          try channel.pipeline.syncOperations.addHandler(FirstBytesHandler(connection))
          try begin(channel)
          return channel.eventLoop.makeSucceededVoidFuture()
        } catch {
          return channel.eventLoop.makeFailedFuture(error)
        }
      }
      .withConnectedSocket(connection.socket)
      .whenComplete { [open] _ in open.expectedCame() }
  }

  func cannotAccept(errorNumber: CInt) {
    failures.tell(IOError(errnoCode: errorNumber, reason: "accept"))
  }
}
