import Doorstep
import FirmwareService
import NIOCore

/// Answers polls that memory has the answers to before their connection has a channel, for as long as nothing else comes on it.
final class HotGreeter: Greeter {
  private let answers: HotAnswers
  // As in `DoorstepThread`, none of it is checked for being used twice at a time.
  @exclusivity(unchecked) private var thread = ThreadAnswers()
  /// The first request of each connection whose turn it is, with its place among `polls`, if it is one; nil for what is left to
  /// others.
  @exclusivity(unchecked) private var firsts: [(request: HotRequest, poll: Int?)?] = []
  @exclusivity(unchecked) private var polls: [RepeatedPoll] = []

  init(_ answers: HotAnswers) { self.answers = answers }

  func greet(_ arrivals: [Arrival], reply: (Int, Greeting, UnsafeRawBufferPointer) -> Void) {
    let start = NIODeadline.now()
    polls.removeAll(keepingCapacity: true)
    firsts.removeAll(keepingCapacity: true)
    for arrival in arrivals { firsts.append(readFirst(arrival.bytes)) }
    answers.recall(&polls)
    for place in arrivals.indices {
      let greeting = greet(arrivals[place], firsts[place], since: start, by: &thread)
      thread.gathered.withUnsafeReadableBytes { reply(place, greeting, $0) }
      thread.gathered.clear()
    }
  }

  private func readFirst(_ bytes: UnsafeRawBufferPointer) -> (HotRequest, Int?)? {
    guard let request = Self.request(bytes) else { return nil }
    guard case .poll(let token, let query) = request.target else { return (request, nil) }
    polls.append(RepeatedPoll(ofThingBy: token.part(of: bytes), asked: query.part(of: bytes)))
    return (request, polls.count - 1)
  }

  /// A request that may be answered here.
  private static func request(_ bytes: UnsafeRawBufferPointer) -> HotRequest? {
    guard let request = HotRequest(bytes), !request.closes || request.length == bytes.count else { return nil }
    return request
  }

  /// Answers one request behind the other.
  private func greet(
    _ arrival: Arrival, _ first: (request: HotRequest, poll: Int?)?, since start: NIODeadline, by thread: inout ThreadAnswers
  ) -> Greeting {
    var greeting = Greeting(count: 0, isLast: false)
    var (next, poll) = (first?.request, first?.poll.map { polls[$0] })
    while let request = next {
      let bytes = UnsafeRawBufferPointer(rebasing: arrival.bytes[greeting.count...])
      let closes = request.closes || (arrival.ends && request.length == bytes.count)
      guard answer(request, poll, in: bytes, since: start, closes: closes, by: &thread) else { break }
      greeting = Greeting(count: greeting.count + request.length, isLast: closes)
      let goesOn = request.length < bytes.count && thread.gathered.readableBytes < ThreadAnswers.mostGathered
      next = goesOn ? Self.request(UnsafeRawBufferPointer(rebasing: bytes[request.length...])) : nil
      poll = nil
    }
    return greeting
  }

  /// - Parameters:
  ///   - poll: what it was answered before, where that was asked for already.
  ///   - closes: the connection ends with the answer.
  /// - Returns: false for what is not answered here; nothing is counted then.
  private func answer(
    _ request: HotRequest, _ poll: RepeatedPoll?, in bytes: UnsafeRawBufferPointer, since start: NIODeadline, closes: Bool,
    by thread: inout ThreadAnswers
  ) -> Bool {
    if let poll {
      if let mark = poll.answer,
        answers.answerAgain(request, by: mark, in: bytes, since: start, closes: closes, by: &thread)
      {
        return true
      }
    } else if answers.answerAgain(request, in: bytes, since: start, closes: closes, on: nil, by: &thread) {
      return true
    }
    if case .download = request.target { return false }
    guard let claim = answers.claim(request, in: bytes, on: nil),
      let found = answers.find(claim, asked: HotAnswers.query(of: request, in: bytes)),
      case .gathered? = answers.answer(found, to: request, in: bytes, since: start, closes: closes, by: &thread)
    else { return false }
    return true
  }
}
