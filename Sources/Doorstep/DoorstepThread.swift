import CLinux
import Foundation
import Synchronization

/// What one thread of a doorstep does. What is not said to be for others is used on that thread alone. What each request takes
/// is not checked for being used twice at a time, which takes longer than its use.
final class DoorstepThread: @unchecked Sendable {
  /// The connections that are taken in one go, so that those that have said something are not kept waiting.
  private static let mostAtOnce = 64
  /// What is read of a connection in one go: several of the longest requests that are answered here.
  private static let bytesAtOnce = 16_384
  /// The connections that are answered together. What waits for memory, waits for all of them once.
  private static let mostTogether = 8
  /// How long nothing is taken after the system has refused to give more, in nanoseconds.
  private static let pause: UInt64 = 100_000_000
  /// How long a thread waits at most before it looks whether somebody has waited too long, in milliseconds.
  private static let longestWait: UInt64 = 60_000
  /// The sockets that are told of in one go.
  private static let mostReady = 256
  /// More connections than any system lets wait.
  private static let mostWaiting = 65_536

  private let listener: CInt
  private let bell: CInt
  private let patience: UInt64
  private let farewell: UInt64
  private let idleTime: @Sendable () -> UInt64
  private let taker: any ConnectionTaker
  private let greeter: any Greeter
  private let watch: CInt
  /// What was read of the connections that are to be answered next, one behind the other: there is always room to read more.
  private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: bytesAtOnce * 2, alignment: 16)
  @exclusivity(unchecked) private var byteCount = 0
  @exclusivity(unchecked) private var arrivals: [Arrival] = []
  /// Of each of `arrivals`.
  @exclusivity(unchecked) private var senders: [(socket: CInt, leavesMore: Bool)] = []
  /// What `watch` told of last.
  private let ready = UnsafeMutableBufferPointer<CInt>.allocate(capacity: mostReady)
  @exclusivity(unchecked) private var waiting = WaitingConnections()
  @exclusivity(unchecked) private var now = firmament_time()
  /// Until when nothing is taken; nil mostly.
  private var pausedUntil: UInt64?
  /// How many connections wait here; for others, too.
  private let held = Atomic<Int>(0)
  /// Connections that others have given to this thread; nil once it ends. For others, too.
  private let given = Mutex<[CInt]?>([])
  private let hasGiven = Atomic<Bool>(false)
  /// The other threads of the doorstep; set before they begin.
  var others: [DoorstepThread] = []
  private var load: ThreadLoad
  /// Nothing is kept any more.
  private var isEnding = false

  /// - Parameters:
  ///   - listener: nil where it lives on what others give it.
  ///   - patience, farewell: in nanoseconds.
  ///   - leastRest: in thousandths of the time.
  ///   - idleTime: as `ThreadLoad` asks for it.
  init(
    _ listener: CInt?, bell: CInt, patience: UInt64, farewell: UInt64, leastRest: UInt64,
    idleTime: @escaping @Sendable () -> UInt64, taker: any ConnectionTaker
  ) throws(ListeningSocket.Failure) {
    (self.bell, self.patience, self.farewell, self.idleTime, self.taker) = (bell, patience, farewell, idleTime, taker)
    self.listener = listener ?? -1
    load = ThreadLoad(at: now, leastRest: leastRest)
    greeter = taker.makeGreeter()
    watch = firmament_watch_begin()
    guard watch >= 0 else { throw ListeningSocket.Failure(errorNumber: -watch) }
    _ = firmament_watch(watch, bell)
    if let listener { _ = firmament_watch(watch, listener) }
  }

  deinit {
    if watch >= 0 { close(watch) }
    bytes.deallocate()
    ready.deallocate()
  }

  /// Works until the bell is rung.
  func run() {
    while true {
      let before = firmament_time()
      let count = wait(until: nearest(from: before), from: before)
      load.rested(from: before, to: now, timeOfThread: firmament_thread_time, idleTime: idleTime)
      if hasGiven.exchange(false, ordering: .acquiring) { takeGiven() }
      var isOver = false
      for place in 0..<count {
        let told = told(at: place)
        switch told.socket {
        case bell: isOver = true
        case listener: accept(atMost: Self.mostAtOnce)
        default: hear(told)
        }
      }
      greet()
      if isOver { return end() }
      closeSilent(for: patience)
      resume()
    }
  }

  /// When something has to be done at the latest that no socket tells of.
  private func nearest(from time: UInt64) -> UInt64 {
    var nearest = time + Self.longestWait * 1_000_000
    if let since = waiting.waitingSince { nearest = min(nearest, since + patience) }
    if let until = pausedUntil { nearest = min(nearest, until) }
    return nearest
  }

  /// Waits until sockets can be read, or for so long.
  /// - Returns: how many of them `ready` tells of.
  private func wait(until end: UInt64, from time: UInt64) -> Int {
    let milliseconds = end <= time ? 0 : CInt((end - time) / 1_000_000 + 1)
    let count = firmament_watch_wait(watch, ready.baseAddress, CInt(ready.count), milliseconds)
    now = firmament_time()
    return max(0, Int(count))
  }

  private func told(at place: Int) -> (socket: CInt, leavesMore: Bool) {
    let told = ready[place]
    return told < 0 ? (~told, true) : (told, false)
  }

  // MARK: Taking

  private func accept(atMost most: Int) {
    for _ in 0..<most {
      let socket = firmament_accept(listener)
      switch -socket {
      case ..<1:
        if load.isFull, !isEnding, let idler = idler(than: held.load(ordering: .relaxed)), give(socket, to: idler) { continue }
        guard firmament_watch_news(watch, socket) == 0 else {
          close(socket)
          continue
        }
        add(socket)
      case EAGAIN: return
      // The connection has ended before it was taken, or its network has (accept(2)).
      case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM:
        continue
      default: return pause(errorNumber: -socket)
      }
    }
  }

  /// Those that wait to be taken go on waiting, and the loop would do nothing but try.
  private func pause(errorNumber: CInt) {
    taker.cannotAccept(errorNumber: errorNumber)
    _ = firmament_unwatch(watch, listener)
    pausedUntil = now + Self.pause
  }

  private func resume() {
    guard let until = pausedUntil, now >= until else { return }
    pausedUntil = nil
    _ = firmament_watch(watch, listener)
  }

  // MARK: What is said

  /// Reads what one has said, to be answered with what others have.
  /// - Parameter sender: whether there is more than one read takes, and be it the end.
  private func hear(_ sender: (socket: CInt, leavesMore: Bool)) {
    let room = UnsafeMutableRawBufferPointer(rebasing: bytes[byteCount..<byteCount + Self.bytesAtOnce])
    let count = firmament_receive(sender.socket, room.baseAddress, room.count)
    if count == -Int(EAGAIN) { return }
    // It has ended.
    guard count > 0 else { return end(sender.socket) }
    // Where the bytes fill the room for them, more may have come.
    let ends = isEnding && count < Self.bytesAtOnce
    arrivals.append(Arrival(UnsafeRawBufferPointer(rebasing: room[..<count]), ends: ends))
    senders.append(sender)
    byteCount += count
    if arrivals.count == Self.mostTogether || byteCount > Self.bytesAtOnce { greet() }
  }

  /// Answers what was heard.
  private func greet() {
    guard !arrivals.isEmpty else { return }
    greeter.greet(arrivals) { place, greeting, answers in
      answer(senders[place], arrivals[place].bytes, greeting, by: answers)
    }
    arrivals.removeAll(keepingCapacity: true)
    senders.removeAll(keepingCapacity: true)
    byteCount = 0
  }

  private func answer(
    _ sender: (socket: CInt, leavesMore: Bool), _ heard: UnsafeRawBufferPointer, _ greeting: Greeting,
    by answers: UnsafeRawBufferPointer
  ) {
    let socket = sender.socket
    var unsent: [UInt8] = []
    if !answers.isEmpty {
      let sent = firmament_send(socket, answers.baseAddress, answers.count)
      if sent != answers.count {
        if sent < 0, sent != -Int(EAGAIN), sent != -Int(EINTR) { return end(socket) }
        unsent = Array(answers[max(0, sent)...])
      }
    }
    let isAnswered = greeting.count == heard.count && unsent.isEmpty
    if isAnswered, greeting.isLast { return end(socket) }
    if isAnswered, !isEnding {
      // What is left is told of once more, when others have had their turn.
      if heard.count == Self.bytesAtOnce || sender.leavesMore { _ = firmament_watch_news_again(watch, socket) }
      return keep(socket)
    }
    leave(socket)
    _ = firmament_unwatch(watch, socket)
    taker.take(
      HandedConnection(
        socket: socket, unread: Array(heard[greeting.count...]), unsent: unsent, isLast: greeting.isLast))
  }

  /// Waits for more of a connection.
  private func keep(_ socket: CInt) {
    // One less, or two that are as busy would give it to each other for ever.
    if load.isFull, let idler = idler(than: held.load(ordering: .relaxed) - 1) {
      leave(socket)
      _ = firmament_unwatch(watch, socket)
      if give(socket, to: idler) { return }
      _ = firmament_watch_news(watch, socket)
      return add(socket)
    }
    waiting.remove(socket)
    waiting.append(socket, at: now)
  }

  private func add(_ socket: CInt) {
    waiting.append(socket, at: now)
    held.add(1, ordering: .relaxed)
  }

  /// No longer has a connection.
  private func leave(_ socket: CInt) {
    waiting.remove(socket)
    held.subtract(1, ordering: .relaxed)
  }

  // MARK: Several threads

  /// One that has fewer connections than so many.
  private func idler(than count: Int) -> DoorstepThread? {
    others.first { $0.held.load(ordering: .relaxed) < count }
  }

  /// Gives another thread a connection that nobody watches.
  /// - Returns: whether it was taken.
  private func give(_ socket: CInt, to other: DoorstepThread) -> Bool {
    // All of it under the lock: else the other could have closed the connection, and its number could be that of another one,
    // before it is watched.
    other.given.withLock { given in
      guard given != nil else { return false }
      other.hasGiven.store(true, ordering: .releasing)
      // It tells the other of it, as soon as its client says more.
      guard firmament_watch_news(other.watch, socket) == 0 else { return false }
      given?.append(socket)
      other.held.add(1, ordering: .relaxed)
      return true
    }
  }

  private func takeGiven() {
    let sockets = given.withLock { given in
      defer { given = isEnding ? nil : [] }
      return given ?? []
    }
    for socket in sockets { waiting.append(socket, at: now) }
  }

  // MARK: The end

  private func end(_ socket: CInt) {
    leave(socket)
    close(socket)
  }

  /// Closes those that were heard of so many nanoseconds ago.
  private func closeSilent(for time: UInt64) {
    while let since = waiting.waitingSince, now >= since + time { end(waiting.oldest) }
  }

  /// Takes those that wait to be taken, answers what has been said, and closes each connection as soon as it was not heard of
  /// for the time of a farewell: a client that has just connected, or was just answered, mostly has its next request under way.
  /// Each is heard once, so that nothing of one that stays is left unread.
  private func end() {
    isEnding = true
    _ = firmament_unwatch(watch, bell)
    if listener >= 0 { takeLast() }
    takeGiven()
    // Those that have said something are heard before any is closed.
    var moment = now
    while waiting.oldest >= 0 {
      let count = wait(until: moment, from: now)
      for place in 0..<count { hear(told(at: place)) }
      greet()
      if count == 0 { closeSilent(for: farewell) }
      moment = count > 0 ? now : (waiting.waitingSince ?? now) + farewell
    }
  }

  private func takeLast() {
    _ = firmament_unwatch(watch, listener)
    _ = firmament_refuse(listener)
    accept(atMost: Self.mostWaiting)
    close(listener)
  }
}
