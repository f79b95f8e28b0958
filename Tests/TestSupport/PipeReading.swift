public import Foundation

/// What a program writes into a pipe, read so that a signal to this process loses and breaks nothing: `FileHandle` ends the whole
/// process where `read(2)` answers `EINTR`.
extension Pipe {
  /// The bytes that are there, as soon as there are any; empty when the program has closed its end.
  public func nextPiece() -> Data {
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = read(fileHandleForReading.fileDescriptor, &buffer, buffer.count)
      if count >= 0 { return Data(buffer[..<count]) }
      precondition(errno == EINTR, "a pipe cannot be read: \(String(cString: strerror(errno)))")
    }
  }

  /// All that the program writes until it closes its end.
  public func everything() -> Data {
    var data = Data()
    while true {
      let piece = nextPiece()
      if piece.isEmpty { return data }
      data += piece
    }
  }
}
