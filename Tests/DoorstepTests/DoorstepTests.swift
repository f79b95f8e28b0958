import CLinux
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Doorstep

/// A doorstep with real sockets. No connection of it loses patience before the tests are over, but where that is the test.
@Suite("A doorstep", .timeLimit(.minutes(10)))
struct DoorstepTests {
  /// Answers each `one` and each `more`, ends a connection with `last`, sends a lot for `long` and nothing for `mute`, keeps its
  /// thread at `hold`, and keeps what it was handed.
  private final class Taker: ConnectionTaker {
    static let lot = 64_000_000
    static let words = ["one", "more", "last", "long", "mute", "hold"]

    let (taken, hand) = AsyncStream.makeStream(of: HandedConnection.self)
    private let answered = Mutex<[ObjectIdentifier: Int]>([:])
    private let (holds, hold) = AsyncStream.makeStream(of: Void.self)
    private let gate = DispatchSemaphore(value: 0)
    private let ending = Mutex(false)
    private let together = Mutex(0)

    var answers: Int { answered.withLock { $0.values.reduce(0, +) } }
    /// How many of the threads have answered something.
    var busyThreads: Int { answered.withLock { $0.count } }
    /// The most connections that were answered together.
    var mostTogether: Int { together.withLock { $0 } }
    /// Whether connections are to end with what is answered now.
    var isEnding: Bool { ending.withLock { $0 } }

    /// Waits until a thread is kept.
    func threadIsHeld() async { _ = await holds.first { true } }
    func letGo() { gate.signal() }

    private final class Host: Greeter {
      private let taker: Taker

      init(_ taker: Taker) { self.taker = taker }

      func greet(_ arrivals: [Arrival], reply: (Int, Greeting, UnsafeRawBufferPointer) -> Void) {
        taker.together.withLock { $0 = max($0, arrivals.count) }
        for (place, arrival) in arrivals.enumerated() {
          let (greeting, answers) = greet(arrival)
          answers.withUnsafeBytes { reply(place, greeting, $0) }
        }
      }

      private func greet(_ arrival: Arrival) -> (Greeting, answers: [UInt8]) {
        if arrival.ends { taker.ending.withLock { $0 = true } }
        var (greeting, answers) = (Greeting(count: 0, isLast: false), [UInt8]())
        var words = String(decoding: arrival.bytes, as: UTF8.self)[...]
        while !greeting.isLast, let word = Taker.words.first(where: { words.hasPrefix($0) }) {
          if word == "hold" {
            taker.hold.yield()
            taker.gate.wait()
          }
          if word != "mute" {
            answers += word == "long" ? [UInt8](repeating: 46, count: Taker.lot) : Array("the answer".utf8)
          }
          greeting.count += word.utf8.count
          words = words.dropFirst(word.count)
          greeting.isLast = word == "last" || word == "one" || (arrival.ends && words.isEmpty)
          taker.answered.withLock { $0[ObjectIdentifier(self), default: 0] += 1 }
        }
        return (greeting, answers)
      }
    }

    func makeGreeter() -> any Greeter { Host(self) }
    func take(_ connection: HandedConnection) { hand.yield(connection) }
    func cannotAccept(errorNumber: CInt) {}
  }

  private static func begin(
    _ taker: Taker, threads: Int = 1, patience: UInt64 = 3_600_000_000_000, leastRest: UInt64 = 20,
    farewell: UInt64 = 1_000_000
  ) throws -> (doorstep: Doorstep, port: Int) {
    let listening = try loopback { try ListeningSocket(at: $0, backlog: 256) }
    let doorstep = try Doorstep(
      listening, threads: threads, patience: patience, leastRest: leastRest, farewell: farewell,
      // There is always another processor.
      idleTime: { DispatchTime.now().uptimeNanoseconds }, taker: taker)
    return (doorstep, listening.port)
  }

  /// The address of this computer, as bytes of a `sockaddr`.
  private static func loopback<Value>(port: Int = 0, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return try withUnsafeBytes(of: &address) { try body($0) }
  }

  private static func connect(_ port: Int) throws -> FileHandle {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isConnected = loopback(port: port) { address in
      address.withMemoryRebound(to: sockaddr.self) { Glibc.connect(client, $0.baseAddress, UInt32(address.count)) == 0 }
    }
    let handle = FileHandle(fileDescriptor: client, closeOnDealloc: true)
    guard isConnected else { throw POSIXError(.ECONNREFUSED) }
    return handle
  }

  private static func readToEnd(_ handle: FileHandle) async throws -> String {
    let bytes = try await Task.detached { try handle.readToEnd() ?? Data() }.value
    return String(decoding: bytes, as: UTF8.self)
  }

  /// As many bytes, or fewer at the end.
  private static func read(_ handle: FileHandle, _ count: Int) async throws -> String {
    let bytes = try await Task.detached {
      var bytes = Data()
      while bytes.count < count, let part = try handle.read(upToCount: count - bytes.count), !part.isEmpty { bytes += part }
      return bytes
    }.value
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("answers what is all that a connection is for, and closes it")
  func answered() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    for _ in 0..<20 {
      let client = try Self.connect(port)
      try client.write(contentsOf: Data("one".utf8))
      #expect(try await Self.readToEnd(client) == "the answer")
    }
    #expect(taker.answers == 20)
    doorstep.close()
    await doorstep.closed()
  }

  @Test("hands on every other connection with what has come, and leaves it open when it closes itself")
  func handedOn() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    let client = try Self.connect(port)
    try client.write(contentsOf: Data("another".utf8))
    let taken = try #require(await taker.taken.first { _ in true })
    #expect(taken.unread == Array("another".utf8) && taken.unsent.isEmpty)
    doorstep.close()
    await doorstep.closed()
    let itsEnd = FileHandle(fileDescriptor: taken.socket, closeOnDealloc: false)
    try itsEnd.write(contentsOf: Data("later".utf8))
    try itsEnd.close()
    #expect(try await Self.readToEnd(client) == "later")
  }

  @Test("closes connections that say nothing")
  func silent() async throws {
    let (doorstep, port) = try Self.begin(Taker(), patience: 50_000_000)
    for client in try (0..<5).map({ _ in try Self.connect(port) }) { #expect(try await Self.readToEnd(client) == "") }
    doorstep.close()
    await doorstep.closed()
  }

  @Test("that is closed closes those that have said nothing, takes no more, and may be closed twice")
  func closed() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker, threads: 3)
    let silent = try (0..<10).map { _ in try Self.connect(port) }
    let last = try Self.connect(port)
    try last.write(contentsOf: Data("one".utf8))
    #expect(try await Self.readToEnd(last) == "the answer")
    doorstep.close()
    doorstep.close()
    await doorstep.closed()
    await doorstep.closed()
    for client in silent { #expect((try? await Self.readToEnd(client)) ?? "" == "") }
    #expect(throws: (any Error).self) { try Self.connect(port) }
  }

  @Test("says what the system says where an address is taken")
  func taken() async throws {
    let (doorstep, port) = try Self.begin(Taker())
    #expect(throws: ListeningSocket.Failure(errorNumber: EADDRINUSE)) {
      try Self.loopback(port: port) { try ListeningSocket(at: $0, backlog: 1) }
    }
    doorstep.close()
    await doorstep.closed()
  }

  @Test("keeps a connection for as long as it can answer what comes, and hands on the rest")
  func kept() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    let client = try Self.connect(port)
    for words in ["more", "moremore", "more"] {
      try client.write(contentsOf: Data(words.utf8))
      let wanted = words.utf8.count / 4 * 10
      #expect(try await Self.read(client, wanted).count == wanted)
    }
    try client.write(contentsOf: Data("moremoreother".utf8))
    #expect(try await Self.read(client, 20) == "the answerthe answer")
    let taken = try #require(await taker.taken.first { _ in true })
    #expect(taken.unread == Array("other".utf8) && taken.unsent.isEmpty && !taken.isLast)
    close(taken.socket)
    let last = try Self.connect(port)
    try last.write(contentsOf: Data("morelast".utf8))
    #expect(try await Self.readToEnd(last) == "the answerthe answer")
    doorstep.close()
    await doorstep.closed()
  }

  @Test(
    "hands on a connection whose client does not take its answers, with what of them has not been sent",
    arguments: [false, true])
  func slow(isLast: Bool) async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    let client = try Self.connect(port)
    try client.write(contentsOf: Data((isLast ? "longlast" : "long").utf8))
    let taken = try #require(await taker.taken.first { _ in true })
    #expect(taken.unread.isEmpty && taken.isLast == isLast)
    let all = Taker.lot + (isLast ? 10 : 0)
    #expect(
      (1..<all).contains(taken.unsent.count)
        && taken.unsent.suffix(10) == (isLast ? Array("the answer".utf8) : Array(repeating: 46, count: 10))[...])
    let itsEnd = FileHandle(fileDescriptor: taken.socket, closeOnDealloc: true)
    let reader = Task { try await Self.read(client, all - taken.unsent.count).utf8.count }
    #expect(try await reader.value == all - taken.unsent.count)
    try itsEnd.close()
    doorstep.close()
    await doorstep.closed()
  }

  @Test("gives connections to its other threads once one has too much to do, and closes all of them")
  func several() async throws {
    let taker = Taker()
    // Whatever a thread has to do is too much.
    let (doorstep, port) = try Self.begin(taker, threads: 2, leastRest: 1001)
    let clients = try (0..<8).map { _ in try Self.connect(port) }
    // Until both have answered something.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in clients {
        group.addTask {
          let words = Data(String(repeating: "more", count: 20).utf8)
          while taker.busyThreads < 2 {
            try client.write(contentsOf: words)
            _ = try await Self.read(client, 200)
          }
        }
      }
      try await group.waitForAll()
    }
    for client in clients {
      try client.write(contentsOf: Data("more".utf8))
      #expect(try await Self.read(client, 10) == "the answer")
    }
    doorstep.close()
    await doorstep.closed()
    for client in clients { #expect((try? await Self.readToEnd(client)) ?? "" == "") }
  }

  /// More words than are read in one go, which take no answer.
  private static let mute = Data(String(repeating: "mute", count: 10_000).utf8)

  @Test("hears all that has come at once, however much it is, and the end behind it")
  func heard() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    let (first, long, ended, urgent) =
      (try Self.connect(port), try Self.connect(port), try Self.connect(port), try Self.connect(port))
    for client in [first, long, ended, urgent] {
      try client.write(contentsOf: Data("more".utf8))
      #expect(try await Self.read(client, 10) == "the answer")
    }
    // Nothing of it is heard before all of it is there.
    try first.write(contentsOf: Data("hold".utf8))
    await taker.threadIsHeld()
    try long.write(contentsOf: Self.mute + Data("more".utf8))
    try ended.write(contentsOf: Data("more".utf8))
    shutdown(ended.fileDescriptor, Int32(SHUT_WR))
    // No read goes beyond it, and it is no part of what is read.
    try urgent.write(contentsOf: Data("more".utf8))
    #expect(send(urgent.fileDescriptor, "!", 1, Int32(MSG_OOB)) == 1)
    try urgent.write(contentsOf: Data("more".utf8))
    taker.letGo()
    for client in [first, long, urgent] { #expect(try await Self.read(client, 10) == "the answer") }
    #expect(try await Self.read(urgent, 10) == "the answer")
    #expect(try await Self.readToEnd(ended) == "the answer")
    doorstep.close()
    await doorstep.closed()
  }

  @Test("answers those that have said something meanwhile together, and each what it has said")
  func together() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    let (first, clients) = (try Self.connect(port), try (0..<60).map { _ in try Self.connect(port) })
    for client in clients {
      try client.write(contentsOf: Data("more".utf8))
      #expect(try await Self.read(client, 10) == "the answer")
    }
    try first.write(contentsOf: Data("hold".utf8))
    await taker.threadIsHeld()
    for (number, client) in clients.enumerated() {
      let words = [Data("moremore".utf8), Self.mute + Data("one".utf8), Data("more\(number)".utf8)]
      try client.write(contentsOf: words[number % 3])
    }
    taker.letGo()
    var strangers: Set<String> = []
    for await taken in taker.taken {
      strangers.insert(String(decoding: taken.unread, as: UTF8.self))
      #expect(taken.unsent.isEmpty && !taken.isLast)
      close(taken.socket)
      if strangers.count == 20 { break }
    }
    #expect(strangers == Set(stride(from: 2, to: 60, by: 3).map { String($0) }))
    for (number, client) in clients.enumerated() {
      let answer = number % 3 == 0 ? try await Self.read(client, 20) : try await Self.readToEnd(client)
      #expect(answer == (number % 3 == 0 ? "the answerthe answer" : "the answer"), "\(number)")
    }
    #expect((2...8).contains(taker.mostTogether))
    doorstep.close()
    await doorstep.closed()
  }

  @Test("that is closed hands on a connection of which more has come than is read in one go")
  func closedLong() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    let (first, long) = (try Self.connect(port), try Self.connect(port))
    try long.write(contentsOf: Data("more".utf8))
    #expect(try await Self.read(long, 10) == "the answer")
    try first.write(contentsOf: Data("hold".utf8))
    await taker.threadIsHeld()
    try long.write(contentsOf: Self.mute + Data("more".utf8))
    shutdown(long.fileDescriptor, Int32(SHUT_WR))
    doorstep.close()
    taker.letGo()
    let taken = try #require(await taker.taken.first { _ in true })
    let unread = FileHandle(fileDescriptor: taken.socket, closeOnDealloc: true)
    #expect(try await (String(decoding: taken.unread, as: UTF8.self) + Self.readToEnd(unread)).hasSuffix("mutemore"))
    await doorstep.closed()
  }

  @Test("that is closed answers those that wait to be taken and have said something")
  func waitingToBeTaken() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker)
    let first = try Self.connect(port)
    try first.write(contentsOf: Data("hold".utf8))
    await taker.threadIsHeld()
    let clients = try (0..<150).map { _ in try Self.connect(port) }
    for (number, client) in clients.enumerated() { try client.write(contentsOf: Data((number % 2 == 0 ? "one" : "more").utf8)) }
    doorstep.close()
    taker.letGo()
    for client in [first] + clients { #expect(try await Self.readToEnd(client) == "the answer") }
    await doorstep.closed()
    #expect(throws: (any Error).self) { try Self.connect(port) }
  }

  @Test("that is closed gives those that came or were answered last the time to say more, and answers it")
  func farewell() async throws {
    let taker = Taker()
    let (doorstep, port) = try Self.begin(taker, farewell: 3_600_000_000_000)
    let (kept, silent, other) = (try Self.connect(port), try Self.connect(port), try Self.connect(port))
    try kept.write(contentsOf: Data("more".utf8))
    #expect(try await Self.read(kept, 10) == "the answer")
    doorstep.close()
    while !taker.isEnding {
      try kept.write(contentsOf: Data("more".utf8))
      #expect(try await Self.read(kept, 10) == "the answer")
    }
    #expect(try await Self.readToEnd(kept) == "")
    try silent.write(contentsOf: Data("moremore".utf8))
    #expect(try await Self.readToEnd(silent) == "the answerthe answer")
    try other.write(contentsOf: Data("moreother".utf8))
    #expect(try await Self.read(other, 10) == "the answer")
    let taken = try #require(await taker.taken.first { _ in true })
    #expect(taken.unread == Array("other".utf8))
    await doorstep.closed()
    close(taken.socket)
    #expect(try await Self.readToEnd(other) == "")
  }

  @Test("says that a thread has too much to do only where it has hardly rested, and another would have a processor")
  func load() {
    var load = ThreadLoad(at: 0, leastRest: 20)
    var (had, idle): (UInt64, UInt64) = (0, 7_000_000_000)
    // In milliseconds: when it rested until, for how long, what it had of a processor since the last time, and what others had
    // to spare of theirs.
    func isFull(at time: UInt64, rested: UInt64, had more: UInt64, idle spare: UInt64) -> Bool {
      (had, idle) = (had + more * 1_000_000, idle + spare * 1_000_000)
      let now = time * 1_000_000
      load.rested(from: now - rested * 1_000_000, to: now, timeOfThread: { had }, idleTime: { idle })
      return load.isFull
    }
    // Not for as long as a window takes.
    #expect(!isFull(at: 20, rested: 0, had: 20, idle: 20))
    #expect(!isFull(at: 60, rested: 1, had: 39, idle: 40))
    #expect(isFull(at: 120, rested: 1, had: 59, idle: 60))
    // Nobody else has a processor, or hardly.
    #expect(!isFull(at: 180, rested: 1, had: 59, idle: 0))
    #expect(!isFull(at: 240, rested: 1, had: 59, idle: 25))
    #expect(isFull(at: 300, rested: 1, had: 59, idle: 35))
    // It has waited for its own for most of the time, or for a little of it.
    #expect(!isFull(at: 360, rested: 1, had: 20, idle: 60))
    #expect(!isFull(at: 420, rested: 1, had: 50, idle: 60))
    #expect(isFull(at: 480, rested: 1, had: 50, idle: 60))
    // It has rested.
    #expect(!isFull(at: 540, rested: 2, had: 58, idle: 60))
  }

  @Test(
    "reads for how long the computer's processors have had nothing to do",
    arguments: [
      ("23221.16 17495.06\n", 17_495_060_000_000), ("0.10 0.00\n", 0), ("9.99 123456789.99", 123_456_789_990_000_000),
      ("23221.16\n", nil), ("", nil), ("a b.c\n", nil), ("1.00 2\n", nil),
    ] as [(String, Int64?)])
  func idleTime(uptime: String, nanoseconds: Int64?) {
    let said = firmament_idle_time_said(uptime)
    #expect(said == nanoseconds ?? -Int64(EINVAL))
  }

  @Test("keeps those that wait in the order in which they came, whichever are taken out")
  func waiting() {
    var waiting = WaitingConnections()
    for socket in [7, 3, 9, 4] as [CInt] { waiting.append(socket, at: UInt64(socket)) }
    #expect(waiting.oldest == 7 && waiting.waitingSince == 7)
    waiting.remove(3)
    waiting.remove(7)
    #expect(waiting.oldest == 9)
    waiting.append(7, at: 1)
    waiting.remove(4)
    waiting.remove(9)
    #expect(waiting.oldest == 7)
    waiting.remove(7)
    #expect(waiting.oldest == -1 && waiting.waitingSince == nil)
  }
}
