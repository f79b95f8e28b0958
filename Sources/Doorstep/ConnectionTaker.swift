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
  /// Answers as many requests as it can at once, from the front of what has come of each of several connections. It is told of
  /// several, so that it can look for what it takes to answer them together.
  /// - Parameter reply: to be called once for each connection, in their order, with its place among them, what became of its
  ///   bytes, and all of the answers, which may be none.
  func greet(_ arrivals: [Arrival], reply: (Int, Greeting, UnsafeRawBufferPointer) -> Void)
}

/// What has come of a connection.
public struct Arrival {
  /// One at least.
  public let bytes: UnsafeRawBufferPointer
  /// The connection is to end with the answer to the last of the bytes.
  public let ends: Bool

  public init(_ bytes: UnsafeRawBufferPointer, ends: Bool) { (self.bytes, self.ends) = (bytes, ends) }
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
