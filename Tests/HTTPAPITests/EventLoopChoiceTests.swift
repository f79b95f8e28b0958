import Domain
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Doorstep
@testable import HTTPAPI

/// With loops whose threads have had as much of a processor as the tests say.
@Suite("The loop of a connection", .timeLimit(.minutes(10)))
struct EventLoopChoiceTests {
  private struct Loops: ~Copyable {
    private final class Work: Sendable {
      let times: Mutex<[UInt64]>

      init(_ count: Int) { times = Mutex(Array(repeating: 0, count: count)) }
    }

    private let work: Work
    private let choice: EventLoopChoice
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    init(_ count: Int) {
      let work = Work(count)
      self.work = work
      let loop = MultiThreadedEventLoopGroup.singleton.next()
      choice = EventLoopChoice(Array(repeating: loop, count: count)) { number in work.times.withLock { $0[number] } }
      // The first look has nothing to compare with.
      leave(take())
    }

    func take() -> Int { choice.take(at: now).number }

    func take(_ count: Int) -> [Int] { (0..<count).map { _ in choice.take(at: now).number } }

    func takeLong(_ count: Int) -> [Int] { (0..<count).map { _ in choice.take(isLong: true, at: now).number } }

    func leave(_ number: Int) { choice.leave(number) }

    /// - Parameter shares: for how much of the time each loop has worked.
    mutating func pass(_ time: TimeAmount, working shares: Double...) {
      now = now + time
      work.times.withLock { times in
        for (number, share) in shares.enumerated() { times[number] += UInt64(Double(time.nanoseconds) * share) }
      }
    }
  }

  private static let lead = EventLoopChoice.lead

  @Test("is the first one until that is ahead of the others, and all have as many when there are many")
  func lead() {
    let loops = Loops(3)
    #expect(loops.take(Self.lead) == Array(repeating: 0, count: Self.lead))
    #expect(loops.take(Self.lead) == Array(repeating: 1, count: Self.lead))
    #expect(loops.take(7) == [2, 0, 1, 2, 0, 1, 2])
    let next = loops.take(3000)
    for number in 0..<3 { #expect(abs(next.count { $0 == number } - 1000) <= Self.lead) }
  }

  @Test("is the first one again once connections of that have ended")
  func left() {
    let loops = Loops(2)
    #expect(loops.take(Self.lead + 1).last == 1)
    // The other one has one now.
    #expect(loops.take(2) == [0, 1])
    loops.leave(0)
    #expect(loops.take() == 0)
  }

  @Test("is the one with the fewest for what is long, of those that rest")
  func long() {
    var loops = Loops(3)
    #expect(loops.take(2) == [0, 0])
    #expect(loops.takeLong(6) == [1, 2, 1, 2, 0, 1])
    loops.pass(EventLoopChoice.window, working: 0.1, 0.1, 0.9)
    #expect(loops.takeLong(3) == [0, 1, 0])
  }

  @Test("is one that rests, where others hardly do", arguments: [(0.8, 1), (0.7, 0)])
  func load(ofFirst share: Double, expected: Int) {
    var loops = Loops(2)
    #expect(loops.take() == 0)
    loops.pass(EventLoopChoice.window, working: share, 0.1)
    #expect(loops.take(10) == Array(repeating: expected, count: 10))
  }

  @Test("is the one with the fewest where none rests")
  func allFull() {
    var loops = Loops(3)
    #expect(loops.take(4) == [0, 0, 0, 0])
    loops.pass(EventLoopChoice.window, working: 0.9, 0.9, 0.9)
    #expect(loops.take(8) == [1, 2, 1, 2, 1, 2, 1, 2])
    #expect(loops.take(3) == [0, 1, 2])
  }

  @Test("is not chosen by what was long ago, nor by less than a window")
  func windows() {
    var loops = Loops(2)
    let part = TimeAmount.nanoseconds(EventLoopChoice.window.nanoseconds / 2)
    loops.pass(part, working: 1, 0)
    #expect(loops.take() == 0)
    loops.pass(part, working: 1, 0)
    #expect(loops.take() == 1)
    loops.pass(EventLoopChoice.window * 5, working: 1, 0)
    #expect(loops.take() == 0)
    // Measured from then on.
    loops.pass(EventLoopChoice.window, working: 0.5, 0)
    #expect(loops.take() == 0)
  }

  @Test("is told by the system how much of a processor it has had")
  func threads() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    defer { group.shutdownGracefully { _ in } }
    let loops = Array(group.makeIterator())
    let choice = EventLoopChoice(loops)
    // Each has told its clock before it does anything else.
    for loop in loops { try await loop.submit {}.get() }
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    #expect(choice.take(at: now).number == 0)
    // More than a window of its thread's own time, while the tests' clock has only one.
    try await loops[0].submit {
      let clock = ThreadClock()
      let end = clock.time + UInt64(EventLoopChoice.window.nanoseconds)
      while clock.time < end {}
    }.get()
    now = now + EventLoopChoice.window
    let (number, loop) = choice.take(at: now)
    #expect(number == 1 && loop === loops[1])
  }

  @Test("is left when the connection ends, and goes by what that asks for first")
  func connections() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    defer { group.shutdownGracefully { _ in } }
    let (begun, began) = AsyncStream.makeStream(of: ObjectIdentifier.self)
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    let loops = Array(group.makeIterator())
    let arrivals = Arrivals(
      hot: nil, open: OpenConnections(), loops: EventLoopChoice(loops) { _ in 0 }, log: ServedApplication.silence
    ) { channel in
      began.yield(ObjectIdentifier(channel.eventLoop))
      channel.closeFuture.whenComplete { _ in end.yield() }
    }
    var starts = begun.makeAsyncIterator()
    /// The loop of a new connection, and the client's side of it.
    func connect(_ unread: String = "") async throws -> (loop: ObjectIdentifier?, client: CInt) {
      var sockets: [CInt] = [-1, -1]
      try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &sockets) == 0)
      arrivals.take(HandedConnection(socket: sockets[0], unread: Array(unread.utf8), unsent: [], isLast: false))
      return (await starts.next(), sockets[1])
    }
    var clients: [CInt] = []
    defer { for client in clients { close(client) } }
    var ends = ended.makeAsyncIterator()
    for _ in 0..<2 {
      for number in 0...Self.lead {
        let (loop, client) = try await connect()
        clients.append(client)
        #expect(loop == ObjectIdentifier(loops[number < Self.lead ? 0 : 1]))
      }
      for client in clients { close(client) }
      for _ in clients { _ = await ends.next() }
      // Behind all that is told of an end.
      for loop in loops { try await loop.submit {}.get() }
      clients = []
    }
    let token = String(repeating: "t", count: ThingToken.length)
    let image = "GET /v2/things/\(token)/firmwares/download/1 HTTP/1.1\r\nHost: x\r\n"
    let (range, odd) = ("Range: bytes=0-9\r\n", "If-Match: x\r\n")
    for (lines, number) in [("", 0), (range, 0), ("", 1), ("", 1), ("", 0), ("", 1), (odd, 0)] {
      let (loop, client) = try await connect(image + lines + "\r\n")
      clients.append(client)
      #expect(loop == ObjectIdentifier(loops[number]), "\(lines)")
    }
  }
}
