import Catalog
import Domain
import Synchronization

/// Reads the things of tokens from the catalog. Those that are asked for while others are being read are read together, since
/// the ways to a thread of the catalog and back cost as much as the rows: after a start the whole fleet comes at once.
///
/// What is read is never older than the question.
final class OwnerReading: Sendable {
  private struct Question {
    let hash: [UInt8]
    let answer: CheckedContinuation<TokenOwner?, any Error>
  }

  private struct State {
    var waiting: [Question] = []
    var readings = 0
  }

  /// As many as there are cores on a small machine; the catalog has threads left for others.
  private static let mostReadings = 2
  /// How many are read together at most, so that the first of them does not wait long for the last: some milliseconds.
  private static let mostTogether = 64

  private let state = Mutex(State())
  private let read: @Sendable ([[UInt8]]) async throws -> [TokenOwner?]

  /// - Parameter read: finds the things of the hashes of some tokens, in their order.
  init(_ read: @escaping @Sendable ([[UInt8]]) async throws -> [TokenOwner?]) { self.read = read }

  /// How many ask and are not being read yet.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  func owner(ofToken hash: [UInt8]) async throws -> TokenOwner? {
    try await withCheckedThrowingContinuation { answer in
      let begins = state.withLock { state in
        state.waiting.append(Question(hash: hash, answer: answer))
        guard state.readings < Self.mostReadings else { return false }
        state.readings += 1
        return true
      }
      if begins { Task { await readWaiting() } }
    }
  }

  /// Reads until nobody waits.
  private func readWaiting() async {
    while case let questions = take(), !questions.isEmpty {
      do {
        let owners = try await read(questions.map(\.hash))
        for (question, owner) in zip(questions, owners) { question.answer.resume(returning: owner) }
      } catch {
        for question in questions { question.answer.resume(throwing: error) }
      }
    }
  }

  /// Those that are read next, oldest first. With none the reading ends.
  private func take() -> [Question] {
    state.withLock { state in
      let questions = Array(state.waiting.prefix(Self.mostTogether))
      state.waiting.removeFirst(questions.count)
      if questions.isEmpty { state.readings -= 1 }
      return questions
    }
  }
}
