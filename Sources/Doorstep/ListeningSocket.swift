import CLinux

/// A socket that takes connections, which do not block and send without delay.
public struct ListeningSocket: Sendable {
  /// What the system says where an address cannot be listened at.
  public struct Failure: Error, Equatable {
    public let errorNumber: CInt
  }

  let descriptor: CInt
  public let port: Int

  /// - Parameters:
  ///   - address: a `sockaddr`, as the system knows it; port 0 takes a free one.
  ///   - backlog: the connections that may wait to be taken.
  public init(at address: UnsafeRawBufferPointer, backlog: CInt) throws(Failure) {
    descriptor = firmament_listen(address.baseAddress, UInt32(address.count), backlog)
    guard descriptor >= 0 else { throw Failure(errorNumber: -descriptor) }
    port = Int(firmament_port(descriptor))
  }
}
