/// A text in which stars stand for any characters, or none. Matching takes time linear in the lengths of both, whatever they
/// hold, and allocates nothing.
struct TextPattern: Sendable {
  /// A piece between two stars, with its table after Knuth, Morris and Pratt: how much of the piece is still matched after so
  /// many bytes of it when the next does not fit.
  private struct Piece: Sendable {
    let bytes: [UInt8]
    let fallback: [Int]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      var fallback = [0, 0]
      var matched = 0
      for byte in bytes.dropFirst() {
        while matched > 0, bytes[matched] != byte { matched = fallback[matched] }
        if bytes[matched] == byte { matched += 1 }
        fallback.append(matched)
      }
      self.fallback = fallback
    }

    /// Where the first occurrence within the range ends.
    func end(in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
      var matched = 0
      for index in range {
        while matched > 0, bytes[matched] != text[index] { matched = fallback[matched] }
        if bytes[matched] == text[index] { matched += 1 }
        if matched == bytes.count { return index + 1 }
      }
      return nil
    }
  }

  /// What stands between the stars.
  let pieces: [[UInt8]]
  private let inner: [Piece]

  init(pieces: [[UInt8]]) {
    self.pieces = pieces
    inner = pieces.dropFirst().dropLast().filter { !$0.isEmpty }.map(Piece.init)
  }

  func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matches($0) }
  }

  private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let first = pieces[0]
    guard pieces.count > 1, let last = pieces.last else { return Self.same(text, at: 0, first) && text.count == first.count }
    let end = text.count - last.count
    guard first.count <= end, Self.same(text, at: 0, first), Self.same(text, at: end, last) else { return false }
    var place = first.count
    for piece in inner {
      guard let next = piece.end(in: text, place..<end) else { return false }
      place = next
    }
    return true
  }

  private static func same(_ text: UnsafeBufferPointer<UInt8>, at place: Int, _ bytes: [UInt8]) -> Bool {
    guard place + bytes.count <= text.count else { return false }
    for index in bytes.indices where text[place + index] != bytes[index] { return false }
    return true
  }
}
