import Doorstep
import Logging
import NIOCore
import NIOPosix

/// Stands behind a listener's doorstep: it answers what is asked once and from memory, and gives every other connection a
/// channel on an event loop.
struct Arrivals: ConnectionTaker {
  private let hot: HotAnswers?
  private let open: OpenConnections
  private let loops: EventLoopChoice
  private let log: Logger
  private let failures: AcceptFailures
  private let begin: @Sendable (any Channel) throws -> Void

  /// - Parameters:
  ///   - hot: nil where nothing is answered before a connection has a channel.
  ///   - begin: makes a connection of a channel, on its event loop.
  init(
    hot: HotAnswers?, open: OpenConnections, loops: EventLoopChoice, log: Logger,
    begin: @escaping @Sendable (any Channel) throws -> Void
  ) {
    self.hot = hot
    self.open = open
    self.loops = loops
    self.log = log
    self.begin = begin
    failures = AcceptFailures(log: log)
  }

  func makeGreeter() -> any Greeter { hot.map { HotGreeter($0) } ?? SilentGreeter() }

  func take(_ connection: HandedConnection) {
    open.expect()
    let (number, loop) = loops.take(isLong: Self.isForImage(connection))
    ClientBootstrap(group: loop)
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
      .whenComplete { [open, loops] outcome in
        switch outcome {
        case .success(let channel): channel.closeFuture.whenComplete { _ in loops.leave(number) }
        case .failure: loops.leave(number)
        }
        open.expectedCame()
      }
  }

  /// Whether all of an image is asked for. Where one loop sends several of these, nothing is saved.
  private static func isForImage(_ connection: HandedConnection) -> Bool {
    connection.unread.withUnsafeBytes { bytes in
      guard let request = HotRequest(bytes), case .download = request.target else { return false }
      return request.range.isEmpty
    }
  }

  func cannotAccept(errorNumber: CInt) {
    failures.tell(IOError(errnoCode: errorNumber, reason: "accept"))
  }
}

/// Leaves all to the channel.
private final class SilentGreeter: Greeter {
  func greet(_ arrivals: [Arrival], reply: (Int, Greeting, UnsafeRawBufferPointer) -> Void) {
    for place in arrivals.indices {
      reply(place, Greeting(count: 0, isLast: false), UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }
}
