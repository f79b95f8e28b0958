import Synchronization

/// The listeners of a server: when the last of them takes connections, the server is ready.
final class Listeners: Sendable {
  enum Kind: Sendable { case everything, devices }

  private let expected: Int
  private let ports = Mutex<[Kind: Int]>([:])
  private let whenAllBegan: @Sendable ([Kind: Int]) -> Void

  init(expected: Int, whenAllBegan: @escaping @Sendable ([Kind: Int]) -> Void) {
    self.expected = expected
    self.whenAllBegan = whenAllBegan
  }

  func began(_ kind: Kind, port: Int) {
    let all = ports.withLock { ports in
      ports[kind] = port
      return ports.count == expected ? ports : nil
    }
    if let all { whenAllBegan(all) }
  }
}
