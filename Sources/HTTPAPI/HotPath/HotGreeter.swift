import Doorstep
import NIOCore

/// Answers polls that memory has the answers to before their connection has a channel, for as long as nothing else comes on it.
final class HotGreeter: Greeter {
  private let answers: HotAnswers
  private var thread = ThreadAnswers()

  init(_ answers: HotAnswers) { self.answers = answers }

  func greet(_ bytes: UnsafeRawBufferPointer, ends: Bool, send: (UnsafeRawBufferPointer) -> Void) -> Greeting {
    greet(bytes, ends: ends, by: &thread, send)
  }

  private func greet(
    _ bytes: UnsafeRawBufferPointer, ends: Bool, by thread: inout ThreadAnswers, _ send: (UnsafeRawBufferPointer) -> Void
  ) -> Greeting {
    var greeting = Greeting(count: 0, isLast: false)
    while !greeting.isLast, greeting.count < bytes.count, thread.gathered.readableBytes < ThreadAnswers.mostGathered,
      let request = answerFirst(UnsafeRawBufferPointer(rebasing: bytes[greeting.count...]), ends: ends, by: &thread)
    {
      greeting.count += request.length
      greeting.isLast = request.closes || (ends && greeting.count == bytes.count)
    }
    if thread.gathered.readableBytes > 0 { thread.gathered.withUnsafeReadableBytes(send) }
    thread.gathered.clear()
    return greeting
  }

  /// - Parameter ends: the connection ends with the answer to the last of the bytes.
  /// - Returns: nil for what is not answered here; nothing is counted or noted then.
  private func answerFirst(
    _ bytes: UnsafeRawBufferPointer, ends: Bool, by thread: inout ThreadAnswers
  ) -> HotRequest? {
    let start = NIODeadline.now()
    guard let request = HotRequest(bytes), !request.closes || request.length == bytes.count else { return nil }
    let closes = request.closes || (ends && request.length == bytes.count)
    if answers.answerAgain(request, in: bytes, since: start, closes: closes, on: nil, by: &thread) { return request }
    if case .download = request.target { return nil }
    guard let claim = answers.claim(request, in: bytes, on: nil),
      let found = answers.find(claim, asked: HotAnswers.query(of: request, in: bytes)),
      case .gathered? = answers.answer(found, to: request, in: bytes, since: start, closes: closes, by: &thread)
    else { return nil }
    return request
  }
}
