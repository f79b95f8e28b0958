/// Who stands behind a doorstep. Called on its threads, from several of them at the same time.
public protocol ConnectionTaker: Sendable {
  /// What answers on one of the threads.
  func makeGreeter() -> any Greeter

  /// Takes a connection over, to close it one day.
  func take(_ connection: HandedConnection)

  /// Told where the system gives no more connections, most often because the process may open no more files. It is tried again
  /// a little later.
  func cannotAccept(errorNumber: CInt)
}

/// Answers what comes on the connections of one thread of a doorstep. It is used on that thread alone.
public protocol Greeter: AnyObject {
  /// Answers as many requests as it can at once, from the front.
  /// - Parameters:
  ///   - bytes: what has come of a connection.
  ///   - ends: the connection is to end with the answer to the last of the bytes.
  ///   - send: takes all of the answers. To be called once, if at all.
  func greet(_ bytes: UnsafeRawBufferPointer, ends: Bool, send: (UnsafeRawBufferPointer) -> Void) -> Greeting
}

/// What became of the bytes of a connection.
public struct Greeting {
  /// Those that are answered. With less than all of them the connection is handed on.
  public var count: Int
  /// The connection ends with the last answer.
  public var isLast: Bool

  public init(count: Int, isLast: Bool) { (self.count, self.isLast) = (count, isLast) }
}

/// A connection that is for more than can be answered on a doorstep.
public struct HandedConnection: Sendable {
  /// One that does not block.
  public let socket: CInt
  /// What has been read from it and not answered.
  public let unread: [UInt8]
  /// What is to be sent first.
  public let unsent: [UInt8]
  /// It ends with what is to be sent.
  public let isLast: Bool
}
