import Domain

/// A request that is answered from the bytes as they were read: one complete head of a closed list. Whatever else there is, and
/// be it a blank more, is no such request, and left to the framework untouched.
///
/// It is GET by HTTP/1.1 with CRLF at the ends of its lines, of one of three paths written plainly, with no body and no field
/// but those of `Field`, each once, of visible ASCII and blanks.
struct HotRequest: Equatable {
  /// Where the parts of the target are, in bytes from the beginning of the request.
  enum Target: Equatable {
    /// `/v2/things/{token}/firmwares/latest`; the query without its mark is empty where there is none.
    case poll(token: ByteSpan, query: ByteSpan)
    /// `/v2/things/{token}/firmwares/download/{firmware}`.
    case download(token: ByteSpan, firmware: ByteSpan)
    /// `/{tenant}/controller/v1/{controller}`.
    case controllerPoll(tenant: ByteSpan, controller: ByteSpan)
  }

  /// The longest head that is looked at, in bytes: several times what devices send.
  static let longestHead = 1024

  static let beforeToken: StaticString = "/v2/things/"
  static let latest: StaticString = "/firmwares/latest"
  static let download: StaticString = "/firmwares/download/"
  static let controllers: StaticString = "/controller/v1/"

  private(set) var target: Target
  /// Of the head with its blank line, in bytes.
  private(set) var length = 0
  /// It is to be the last of its connection.
  private(set) var closes = false
  /// Where the values of fields are; empty for those that are missing, since none has an empty value.
  private(set) var host = ByteSpan.none
  private(set) var accept = ByteSpan.none
  private(set) var authorization = ByteSpan.none
  private(set) var ifNoneMatch = ByteSpan.none
  private(set) var range = ByteSpan.none
  private(set) var ifRange = ByteSpan.none

  private var seen: UInt32 = 0

  /// - Parameter bytes: what was read; more requests may follow in it.
  /// - Returns: nil for what is no such request, or not yet all of it.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var reader = HotReader(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.longestHead)))
    guard reader.skip("GET "), let target = Self.target(&reader), reader.skip(" HTTP/1.1\r\n") else { return nil }
    self.target = target
    while !reader.skip("\r\n") {
      guard takeField(&reader) else { return nil }
    }
    guard seen & Field.host.rawValue != 0 else { return nil }
    if !authorization.isEmpty {
      guard case .controllerPoll = target else { return nil }
    }
    length = reader.offset
  }

  // MARK: Target

  private static func target(_ reader: inout HotReader) -> Target? {
    guard reader.skip(beforeToken) else { return controllerPoll(&reader) }
    guard let token = reader.takeToken() else { return nil }
    if reader.skip(latest) {
      guard reader.skip("?") else { return .poll(token: token, query: .none) }
      return query(&reader).map { .poll(token: token, query: $0) }
    }
    guard reader.skip(download) else { return nil }
    let firmware = reader.take(while: Base64URL.isCharacter)
    return firmware.isEmpty ? nil : .download(token: token, firmware: firmware)
  }

  private static func controllerPoll(_ reader: inout HotReader) -> Target? {
    guard reader.skip("/") else { return nil }
    let tenant = reader.take(while: DirectAnswers.isPlain)
    guard !tenant.isEmpty, reader.skip(controllers) else { return nil }
    let controller = reader.take(while: DirectAnswers.isPlain)
    return controller.isEmpty ? nil : .controllerPoll(tenant: tenant, controller: controller)
  }

  /// Plain values of `mcu`, `version` and `boot`, each once at most, and `version` among them.
  private static func query(_ reader: inout HotReader) -> ByteSpan? {
    let start = reader.offset
    var seen: UInt8 = 0
    repeat {
      guard let name = queryName(&reader), seen & name == 0, !reader.take(while: DirectAnswers.isPlain).isEmpty else {
        return nil
      }
      seen |= name
    } while reader.skip("&")
    return seen & 1 == 0 ? nil : ByteSpan(start..<reader.offset)
  }

  private static func queryName(_ reader: inout HotReader) -> UInt8? {
    if reader.skip("version=") { return 1 }
    if reader.skip("mcu=") { return 2 }
    return reader.skip("boot=") ? 4 : nil
  }

  // MARK: Fields

  /// The fields that a request may have: those that are heeded here, and those that change no answer.
  private enum Field: UInt32 {
    case host = 1
    case connection = 2
    case accept = 4
    case authorization = 8
    case ifNoneMatch = 16
    case range = 32
    case ifRange = 64
    case userAgent = 128
    case acceptEncoding = 256
    case acceptLanguage = 512
    case cacheControl = 1024
    case pragma = 2048
    case forwardedFor = 4096
    case forwardedProto = 8192
    case forwardedHost = 16384
    case realIP = 32768

    init?(_ name: ByteSpan, in reader: HotReader) {
      let known: (Field, StaticString)? =
        switch name.count {
        case 4: (.host, "host")
        case 5: (.range, "range")
        case 6: reader.byte(at: name.start) | 0x20 == UInt8(ascii: "a") ? (.accept, "accept") : (.pragma, "pragma")
        case 8: (.ifRange, "if-range")
        case 9: (.realIP, "x-real-ip")
        case 10:
          reader.byte(at: name.start) | 0x20 == UInt8(ascii: "u")
            ? (.userAgent, "user-agent") : (.connection, "connection")
        case 13:
          switch reader.byte(at: name.start) | 0x20 {
          case UInt8(ascii: "i"): (.ifNoneMatch, "if-none-match")
          case UInt8(ascii: "a"): (.authorization, "authorization")
          default: (.cacheControl, "cache-control")
          }
        case 15:
          switch reader.byte(at: name.end - 1) | 0x20 {
          case UInt8(ascii: "r"): (.forwardedFor, "x-forwarded-for")
          case UInt8(ascii: "g"): (.acceptEncoding, "accept-encoding")
          default: (.acceptLanguage, "accept-language")
          }
        case 16: (.forwardedHost, "x-forwarded-host")
        case 17: (.forwardedProto, "x-forwarded-proto")
        default: nil
        }
      guard let known, reader.isSame(name, known.1) else { return nil }
      self = known.0
    }
  }

  private mutating func takeField(_ reader: inout HotReader) -> Bool {
    let name = reader.take { $0 != UInt8(ascii: ":") }
    guard let field = Field(name, in: reader), seen & field.rawValue == 0, reader.skip(":") else { return false }
    seen |= field.rawValue
    _ = reader.take { $0 == UInt8(ascii: " ") }
    let value = reader.takeText()
    guard !value.isEmpty, reader.byte(at: value.end - 1) != UInt8(ascii: " "), reader.skip("\r\n") else { return false }
    return heed(field, value, reader)
  }

  private mutating func heed(_ field: Field, _ value: ByteSpan, _ reader: HotReader) -> Bool {
    switch field {
    case .host:
      host = value
      return value.range.allSatisfy { Self.isOfAuthority(reader.byte(at: $0)) }
    case .connection:
      closes = reader.isSame(value, "close")
      return closes || reader.isSame(value, "keep-alive")
    case .accept: accept = value
    case .authorization: authorization = value
    case .ifNoneMatch: ifNoneMatch = value
    case .range: range = value
    case .ifRange: ifRange = value
    case .userAgent, .acceptEncoding, .acceptLanguage, .cacheControl, .pragma: break
    // What a proxy says of the client changes no answer here but the links of one, which is left to the framework where proxies
    // are trusted.
    case .forwardedFor, .forwardedProto, .forwardedHost, .realIP: break
    }
    return true
  }

  /// A host of letters, digits, `.`, `-` and `_`, or an address, and a port.
  private static func isOfAuthority(_ byte: UInt8) -> Bool {
    Base64URL.isCharacter(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[")
      || byte == UInt8(ascii: "]")
  }
}

/// Where a part of a request is, in bytes from its beginning: small, since a request is copied about.
struct ByteSpan: Equatable {
  private let first: UInt16
  private let length: UInt16

  static let none = ByteSpan(0..<0)

  /// - Precondition: it ends within the longest head.
  init(_ range: Range<Int>) { (first, length) = (UInt16(range.lowerBound), UInt16(range.count)) }

  var start: Int { Int(first) }
  var count: Int { Int(length) }
  var end: Int { start + count }
  var range: Range<Int> { start..<end }
  var isEmpty: Bool { length == 0 }

  func part(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

  func string(in bytes: UnsafeRawBufferPointer) -> String { String(decoding: part(of: bytes), as: UTF8.self) }

  /// nil for what is missing.
  func text(in bytes: UnsafeRawBufferPointer) -> String? { isEmpty ? nil : string(in: bytes) }
}

/// Goes through bytes from the front.
private struct HotReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// - Precondition: the offset is that of a byte that was taken.
  func byte(at offset: Int) -> UInt8 { bytes[offset] }

  /// Goes on behind the text where it is what follows, byte for byte.
  @inline(__always)
  mutating func skip(_ text: StaticString) -> Bool {
    let (count, wanted) = (text.utf8CodeUnitCount, UnsafeRawPointer(text.utf8Start))
    guard bytes.count - offset >= count else { return false }
    var index = 0
    while index + 8 <= count {
      guard
        bytes.loadUnaligned(fromByteOffset: offset + index, as: UInt64.self)
          == wanted.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      else { return false }
      index += 8
    }
    while index < count {
      guard bytes[offset + index] == text.utf8Start[index] else { return false }
      index += 1
    }
    offset += count
    return true
  }

  /// Goes on behind all bytes that are such, and tells where they were.
  @inline(__always)
  mutating func take(while isWanted: (UInt8) -> Bool) -> ByteSpan {
    let start = offset
    while offset < bytes.count, isWanted(bytes[offset]) { offset += 1 }
    return ByteSpan(start..<offset)
  }

  /// Goes on behind all visible ASCII and blanks, and tells where they were.
  @inline(__always)
  mutating func takeText() -> ByteSpan {
    let start = offset
    while offset + 8 <= bytes.count, Self.isText(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) { offset += 8 }
    while offset < bytes.count, (0x20...0x7E).contains(bytes[offset]) { offset += 1 }
    return ByteSpan(start..<offset)
  }

  /// Whether eight bytes are such: the first that is less than a blank makes its highest bit by the subtraction, the first that
  /// is more than `~` by the addition or has it.
  @inline(__always)
  private static func isText(_ word: UInt64) -> Bool {
    ((word &- 0x2020_2020_2020_2020) | (word &+ 0x0101_0101_0101_0101) | word) & 0x8080_8080_8080_8080 == 0
  }

  /// Goes on behind as many characters as a token has, if they are such.
  @inline(__always)
  mutating func takeToken() -> ByteSpan? {
    let token = offset..<offset + ThingToken.length
    guard token.upperBound <= bytes.count else { return nil }
    while offset + 8 <= token.upperBound {
      guard Self.isOfTokens(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) else { return nil }
      offset += 8
    }
    // The last eight begin among those before.
    offset = token.upperBound
    guard Self.isOfTokens(bytes.loadUnaligned(fromByteOffset: offset - 8, as: UInt64.self)) else { return nil }
    return ByteSpan(token)
  }

  /// Whether eight bytes are characters of `Base64URL`.
  @inline(__always)
  private static func isOfTokens(_ word: UInt64) -> Bool {
    // The highest bit of each byte tells.
    let areThey =
      isWithin("a"..."z", word | 0x2020_2020_2020_2020) | isWithin("0"..."9", word) | isWithin("-"..."-", word)
      | isWithin("_"..."_", word)
    return areThey & ~word & 0x8080_8080_8080_8080 == 0x8080_8080_8080_8080
  }

  /// Sets the highest bits of those of eight bytes below 128 that are in a range, and not those of others: no sum is carried.
  @inline(__always)
  private static func isWithin(_ range: ClosedRange<Unicode.Scalar>, _ word: UInt64) -> UInt64 {
    let (first, last) = (UInt64(range.lowerBound.value), UInt64(range.upperBound.value))
    let (each, low) = (0x0101_0101_0101_0101 as UInt64, word & 0x7F7F_7F7F_7F7F_7F7F)
    return (low &+ each &* (0x80 - first)) & ~(low &+ each &* (0x7F - last))
  }

  /// Whether a part holds a text of small letters and `-`, in whatever case.
  @inline(__always)
  func isSame(_ part: ByteSpan, _ text: StaticString) -> Bool {
    guard part.count == text.utf8CodeUnitCount else { return false }
    if part.count >= 8 { return isSame(part, text, by: UInt64.self) }
    if part.count >= 4 { return isSame(part, text, by: UInt32.self) }
    return isSame(part, text, by: UInt8.self)
  }

  /// The same by words, of which the last may begin in the one before. A letter may lack the bit that makes it a small one.
  @inline(__always)
  private func isSame<Word: FixedWidthInteger>(_ part: ByteSpan, _ text: StaticString, by word: Word.Type) -> Bool {
    let (size, letters) = (MemoryLayout<Word>.size, Word(truncatingIfNeeded: 0x4040_4040_4040_4040 as UInt64))
    var place = 0
    while place < part.count {
      place = min(place, part.count - size)
      let wanted = UnsafeRawPointer(text.utf8Start).loadUnaligned(fromByteOffset: place, as: Word.self)
      let found = bytes.loadUnaligned(fromByteOffset: part.start + place, as: Word.self)
      guard found | (wanted & letters) >> 1 == wanted else { return false }
      place += size
    }
    return true
  }
}
