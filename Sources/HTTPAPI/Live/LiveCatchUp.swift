import LiveChannels
import NIOCore

/// What a stream tells of what is stored.
struct LiveReplay: Sendable {
  struct Entry: Sendable {
    /// Grows from one entry to the next.
    let number: Int64
    let message: [UInt8]
  }

  /// The number of the last entry that the client knows.
  let after: Int64
  /// The next entries after that number, in order; none where there are no more yet.
  let page: @Sendable (_ after: Int64) async throws -> [Entry]
}

/// Reads for a stream what is stored, page after page, until there is nothing more, and again each time that there is something
/// new: so there is no gap and nothing twice between what was there and what comes. Nothing is read for a client that does not
/// take it, and so a slow one is only late.
///
/// It belongs to the stream's event loop.
final class LiveCatchUp {
  private let page: @Sendable (Int64) async throws -> [LiveReplay.Entry]
  private var last: Int64
  private var isReading = false
  /// There may be more than what has been read.
  private var isWoken = false
  /// The newest message that is not stored; it waits for what is.
  private var waiting: ByteBuffer?

  init(_ replay: LiveReplay) {
    page = replay.page
    last = replay.after
  }

  func read(for stream: LiveStreamHandler) {
    isWoken = true
    resume(stream)
  }

  /// Goes on where the client had to be waited for.
  func resume(_ stream: LiveStreamHandler) {
    guard !isReading, stream.takesMore, let loop = stream.eventLoop else { return }
    guard isWoken else { return tellWaiting(to: stream) }
    isWoken = false
    isReading = true
    let (page, last) = (page, last)
    let bound = NIOLoopBound((self, stream), eventLoop: loop)
    Task {
      let entries = try? await page(last)
      loop.execute { bound.value.0.take(entries, for: bound.value.1) }
    }
  }

  private func take(_ entries: [LiveReplay.Entry]?, for stream: LiveStreamHandler) {
    isReading = false
    guard let entries else { return stream.end(because: "the store could not be read") }
    for entry in entries where entry.number > last {
      stream.tell(stream.framing.frame(entry.message))
      last = entry.number
    }
    if !entries.isEmpty { isWoken = true }
    resume(stream)
  }

  /// A message that is not stored: the newest is enough for one who is late.
  func deliver(_ message: ByteBuffer, to stream: LiveStreamHandler) -> Bool {
    waiting = message
    if !isReading, !isWoken, stream.takesMore { tellWaiting(to: stream) }
    return true
  }

  private func tellWaiting(to stream: LiveStreamHandler) {
    if let waiting { stream.tell(waiting) }
    waiting = nil
  }
}
