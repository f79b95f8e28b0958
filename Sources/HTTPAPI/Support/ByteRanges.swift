/// What a Range header asks of a representation, by RFC 9110 section 14.
///
/// It knows no header but Range: whether Range is to be honoured at all is for `Preconditions` to say.
enum RangeRequest: Equatable, Sendable {
  /// Answer 200 with everything: there is no Range header, or one that RFC 9110 lets a server ignore.
  case whole
  /// Answer 206. The ranges are not empty, lie within the representation and neither overlap nor touch; they stand in the
  /// order in which they were asked for. One range is a plain 206, more are multipart/byteranges.
  case ranges([Range<Int64>])
  /// Answer 416 with `Content-Range: bytes */SIZE`.
  case unsatisfiable
}

extension RangeRequest {
  /// Reads the Range header of a representation of `size` bytes.
  ///
  /// A unit that is not `bytes`, a malformed header, and more than `maximumRanges` range specs (satisfiable or not) are
  /// answered whole. Specs that cannot be satisfied are dropped as long as another one can. Ranges that overlap or touch become
  /// one, at the place of the first of them (section 15.3.7.2), so an answer is never longer than the representation and its
  /// part headers. A suffix of an empty representation is satisfiable, but no Content-Range can express it: it is answered
  /// whole.
  static func parse(_ header: String?, size: Int64, maximumRanges: Int) -> RangeRequest {
    guard let header, let specs = rangeSpecs(of: header), specs.count <= maximumRanges else { return .whole }
    var ranges: [Range<Int64>] = []
    for spec in specs {
      switch spec {
      case .from(let first, let last):
        guard first < size else { continue }
        ranges.append(first..<(min(last, size - 1) + 1))
      case .suffix(let length):
        guard length > 0 else { continue }
        guard size > 0 else { return .whole }
        ranges.append(max(0, size - length)..<size)
      }
    }
    return ranges.isEmpty ? .unsatisfiable : .ranges(coalesced(ranges))
  }

  /// The same for all Range header lines of a request: Range is not a list header, so two lines of it are malformed.
  static func parse(lines: [String], size: Int64, maximumRanges: Int) -> RangeRequest {
    lines.count == 1 ? parse(lines[0], size: size, maximumRanges: maximumRanges) : .whole
  }

  private static func coalesced(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
    var result: [Range<Int64>] = []
    for range in ranges {
      var merged = range
      var place = result.count
      while let touching = result.firstIndex(where: { $0.lowerBound <= merged.upperBound && merged.lowerBound <= $0.upperBound }
      ) {
        let other = result.remove(at: touching)
        merged = min(merged.lowerBound, other.lowerBound)..<max(merged.upperBound, other.upperBound)
        place = min(place, touching)
      }
      result.insert(merged, at: min(place, result.count))
    }
    return result
  }
}

/// One member of a byte range set. Numbers that do not fit are the largest that do, which is past the end of anything.
private enum RangeSpec {
  case from(Int64, to: Int64)
  case suffix(Int64)

  init?(_ text: Substring.UTF8View) {
    guard let dash = text.firstIndex(of: UInt8(ascii: "-")) else { return nil }
    let (head, tail) = (text[..<dash], text[text.index(after: dash)...])
    if head.isEmpty {
      guard let length = saturatingNumber(tail) else { return nil }
      self = .suffix(length)
    } else if tail.isEmpty {
      guard let first = saturatingNumber(head) else { return nil }
      self = .from(first, to: .max)
    } else {
      guard let first = saturatingNumber(head), let last = saturatingNumber(tail), !isLess(tail, head) else { return nil }
      self = .from(first, to: last)
    }
  }
}

/// The specs of a `bytes` range set, or nil where the unit is another one or the header is malformed.
private func rangeSpecs(of header: String) -> [RangeSpec]? {
  let text = trimmed(header[...].utf8)
  guard let equals = text.firstIndex(of: UInt8(ascii: "=")), isBytesUnit(text[..<equals]) else { return nil }
  var specs: [RangeSpec] = []
  for member in text[text.index(after: equals)...].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
    let member = trimmed(member)
    if member.isEmpty { continue }
    guard let spec = RangeSpec(member) else { return nil }
    specs.append(spec)
  }
  return specs.isEmpty ? nil : specs
}

private func isBytesUnit(_ text: Substring.UTF8View) -> Bool {
  text.count == 5 && zip(text, "bytes".utf8).allSatisfy { $0 | 0x20 == $1 }
}

private func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
  func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
  var text = text.drop(while: isSpace)
  while let last = text.last, isSpace(last) { text = text.dropLast() }
  return text
}

private func saturatingNumber(_ digits: Substring.UTF8View) -> Int64? {
  guard !digits.isEmpty else { return nil }
  var number: Int64 = 0
  for digit in digits {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
    let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
    let (sum, overflowOfSum) = tens.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
    number = overflow || overflowOfSum ? .max : sum
  }
  return number
}

/// Compares runs of digits of any length, since two that do not fit look alike once cut.
private func isLess(_ left: Substring.UTF8View, _ right: Substring.UTF8View) -> Bool {
  let left = left.drop { $0 == UInt8(ascii: "0") }
  let right = right.drop { $0 == UInt8(ascii: "0") }
  return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
}
