import Domain
import FirmwareService
import HTTPTypes
import NIOCore

/// What hot requests are answered: by the verbs that the routes call, and byte for byte what comes out of the framework's
/// pipeline. What it does not answer is left to the router.
final class HotAnswers: Sendable {
  /// What the service says to a request, before it is written down.
  enum Found: Sendable {
    case offers(KnownOffers)
    case download(FirmwareDownload)
    case controller(ControllerPoll, DirectAnswers.ControllerPath)
  }

  enum Answer {
    case whole(ByteBuffer)
    /// A head, and a range of an image that is in memory.
    case image(head: ByteBuffer, bytes: ByteBuffer, FirmwareDownload, Range<Int64>)
    /// A head, and a range of an image that has to be read.
    case stream(head: ByteBuffer, FirmwareDownload, Range<Int64>)
  }

  private let direct: DirectAnswers
  private let heads = ImageHeads()

  init(_ direct: DirectAnswers) { self.direct = direct }

  // MARK: What the service says

  /// Whether a thing's token need not be compared with the certificate of the connection, which the router does.
  func admits(_ request: HotRequest, in bytes: UnsafeRawBufferPointer, on secure: SecureConnection) -> Bool {
    switch request.target {
    case .poll(let token, _), .download(let token, _): secure.isKnownToAdmit(ThingToken(Self.text(token, bytes)))
    case .controllerPoll: true
    }
  }

  /// What a poll was answered before, where that still holds; nil for whatever has to be looked at more closely.
  func recall(_ request: HotRequest, in bytes: UnsafeRawBufferPointer) -> Found? {
    guard case .poll(let token, let query) = request.target else { return nil }
    return direct.service.recallOffers(toThingBy: Self.part(token, bytes), asked: Self.part(query, bytes)).map { .offers($0) }
  }

  /// What a request asks for; nil for one that is left to the router.
  /// - Parameter secure: the connection, where it is encrypted.
  func claim(
    _ request: HotRequest, in bytes: UnsafeRawBufferPointer, on secure: SecureConnection?
  ) -> DirectAnswers.Claim? {
    switch request.target {
    case .poll(let token, let query):
      guard let token = ThingToken(Self.text(token, bytes)) else { return nil }
      guard !query.isEmpty else { return .poll(token, nil) }
      return DirectAnswers.report(Self.text(query, bytes)[...].utf8).map { .poll(token, $0) }
    case .download(let token, let firmware):
      return ThingToken(Self.text(token, bytes)).map { .download($0, firmware: Self.text(firmware, bytes)) }
    case .controllerPoll(let tenant, let controller):
      let path = DirectAnswers.ControllerPath(
        tenant: Self.text(tenant, bytes), controllerID: Self.text(controller, bytes), isSecure: secure != nil)
      let shown = request.authorization.map { Self.text($0, bytes) }
      guard let credentials = DirectAnswers.credentials(shown, ofController: path.controllerID, secure),
        direct.origin(ofHost: Self.text(request.host, bytes), isSecure: path.isSecure) != nil, Self.type(request, bytes) != nil
      else { return nil }
      return .controllerPoll(path, credentials)
    }
  }

  /// What memory alone has to say; nil where more has to be asked.
  /// - Parameter query: the bytes of the query that a poll was claimed by.
  func find(_ claim: DirectAnswers.Claim, asked query: UnsafeRawBufferPointer) -> Found? {
    let service = direct.service
    switch claim {
    case .poll(let token, let report):
      return service.offerFirmware(toThingBy: token, running: report, asked: query).map { .offers($0) }
    case .download(let token, let firmware):
      return service.downloadFirmware(firmware, byThingBy: token).map { .download($0) }
    case .controllerPoll(let path, let credentials):
      return service.pollController(path.controllerID, credentials).map { .controller($0, path) }
    case .write: return nil
    }
  }

  /// The same with all that there is to be waited for; nil where the router has to be asked.
  func seek(_ claim: DirectAnswers.Claim) async -> Found? {
    let service = direct.service
    do {
      switch claim {
      case .poll(let token, let report):
        let thing = try await service.identifyThing(token.secret)
        return .offers(try await service.offerFirmware(to: thing, running: report).known)
      case .download(let token, let firmware):
        let thing = try await service.identifyThing(token.secret)
        return .download(try await service.downloadFirmware(firmware, by: thing))
      case .controllerPoll(let path, let credentials):
        guard try await service.recollectController(path.controllerID, credentials) else { return nil }
        return service.pollController(path.controllerID, credentials).map { .controller($0, path) }
      case .write: return nil
      }
    } catch {
      return nil
    }
  }

  // MARK: Answers

  /// What was found, written down; nil where the router has to be asked.
  /// - Parameters:
  ///   - start: when the request was read.
  ///   - closes: whether the connection ends with the answer.
  func answer(
    _ found: Found, to request: HotRequest, in bytes: UnsafeRawBufferPointer, since start: ContinuousClock.Instant, closes: Bool
  ) -> Answer? {
    let outcome: (status: HTTPResponse.Status, answer: Answer)?
    switch found {
    case .offers(let offers): outcome = answer(offers, to: request, bytes, closes: closes)
    case .controller(let poll, let path):
      guard let origin = direct.origin(ofHost: Self.text(request.host, bytes), isSecure: path.isSecure),
        let type = Self.type(request, bytes)
      else { return nil }
      let links = DDILinks(origin: origin, tenant: path.tenant, controllerID: path.controllerID)
      let body = TaggedBody(DDIPollAnswer.bytes(poll, links))
      let isKnown = EntityTag.isKnown(body.tag, by: request.ifNoneMatch.map { Self.text($0, bytes) })
      outcome = Self.answer(body.bytes.count, type, body.tag, isKnown: isKnown, closes: closes) { $0.write(body.bytes) }
    case .download(let download):
      outcome =
        plainAnswer(download, to: request, bytes, closes: closes) ?? plannedAnswer(download, to: request, bytes, closes: closes)
    }
    guard let outcome else { return nil }
    direct.figures.count(outcome.status, after: ContinuousClock.now - start)
    return outcome.answer
  }

  /// The answer to a poll.
  private func answer(
    _ offers: KnownOffers, to request: HotRequest, _ bytes: UnsafeRawBufferPointer, closes: Bool
  ) -> (HTTPResponse.Status, Answer)? {
    guard case .poll(let token, _) = request.target else { return nil }
    let (template, retryAfter) = (direct.pollAnswer.template(for: offers.shared), offers.retryAfter)
    let tag = template.tag(retryAfter: retryAfter)
    let isKnown = EntityTag.isKnown(tag, by: request.ifNoneMatch.map { Self.text($0, bytes) })
    return Self.answer(template.length(retryAfter: retryAfter), "application/json", tag, isKnown: isKnown, closes: closes) {
      pen in
      template.write(token: Self.part(token, bytes), retryAfter: retryAfter) { pen.write($0) }
    }
  }

  /// A body with its tag: 200, or 304 for one who has exactly this.
  /// - Parameter length: of the body, in bytes.
  private static func answer(
    _ length: Int, _ type: String, _ tag: String, isKnown: Bool, closes: Bool, body: (inout AnswerPen) -> Void
  ) -> (HTTPResponse.Status, Answer) {
    let buffer = AnswerPen.buffer(capacity: 256 + tag.utf8.count + type.utf8.count + (isKnown ? 0 : length)) { pen in
      pen.write(isKnown ? "HTTP/1.1 304 Not Modified\r\nETag: " : "HTTP/1.1 200 OK\r\nETag: ")
      pen.write(tag)
      pen.write("\r\nCache-Control: no-cache\r\n")
      if !isKnown {
        pen.write("Content-Type: ")
        pen.write(type)
        pen.write("\r\nContent-Length: ")
        pen.write(Int64(length))
        pen.write("\r\n")
      }
      pen.end(closes: closes)
      if !isKnown { body(&pen) }
    }
    return (isKnown ? .notModified : .ok, .whole(buffer))
  }

  /// The answer to a request for all of an image or one plain range of it, without conditions; nil for any other.
  private func plainAnswer(
    _ download: FirmwareDownload, to request: HotRequest, _ bytes: UnsafeRawBufferPointer, closes: Bool
  ) -> (HTTPResponse.Status, Answer)? {
    let size = download.firmware.size
    guard request.ifNoneMatch == nil, request.ifRange == nil, size > 0, direct.settings.mostRanges > 0 else { return nil }
    let asked: Range<Int64>?
    if let field = request.range {
      guard let plain = Self.plainRange(bytes[field], size: size) else { return nil }
      asked = plain
    } else {
      asked = nil
    }
    let lines = heads.lines(of: download.firmware)
    let range = asked ?? 0..<size
    let head = AnswerPen.buffer(capacity: 320 + lines.count) { pen in
      pen.write(asked == nil ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Partial Content\r\n")
      pen.write(lines)
      if asked != nil { pen.write("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)\r\n") }
      pen.write("Content-Length: ")
      pen.write(Int64(range.count))
      pen.write("\r\n")
      pen.end(closes: closes)
    }
    return (asked == nil ? .ok : .partialContent, Self.image(head, download, range))
  }

  /// The answer by the whole rules for downloads; nil where it takes more than one piece.
  private func plannedAnswer(
    _ download: FirmwareDownload, to request: HotRequest, _ bytes: UnsafeRawBufferPointer, closes: Bool
  ) -> (HTTPResponse.Status, Answer)? {
    var asked: HTTPFields = [:]
    asked[.ifNoneMatch] = request.ifNoneMatch.map { Self.text($0, bytes) }
    asked[.range] = request.range.map { Self.text($0, bytes) }
    asked[.ifRange] = request.ifRange.map { Self.text($0, bytes) }
    let plan = DownloadPlan(download.firmware, .get, asked, mostRanges: direct.settings.mostRanges)
    guard let piece = plan.pieces.first else {
      return (plan.status, .whole(Self.head(plan.status, plan.headers, length: 0, closes: closes)))
    }
    guard plan.pieces.count == 1, case .bytes(let range) = piece, !range.isEmpty else { return nil }
    let head = Self.head(plan.status, plan.headers, length: Int64(range.count), closes: closes)
    return (plan.status, Self.image(head, download, range))
  }

  /// The bytes of an image that are on their way from now on.
  private static func image(_ head: ByteBuffer, _ download: FirmwareDownload, _ range: Range<Int64>) -> Answer {
    download.begin()
    guard let slice = download.slice(range) else { return .stream(head: head, download, range) }
    return .image(head: head, bytes: slice, download, range)
  }

  private static func head(_ status: HTTPResponse.Status, _ fields: HTTPFields, length: Int64, closes: Bool) -> ByteBuffer {
    var fields = fields
    // An answer of 304 has none (RFC 9110 section 8.6).
    fields[.contentLength] = status == .notModified ? nil : String(length)
    let lines = fields.map { "\($0.name.rawName): \($0.value)\r\n" }.joined()
    return AnswerPen.buffer(capacity: 160 + status.reasonPhrase.utf8.count + lines.utf8.count) { pen in
      pen.write("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
      pen.write(lines)
      pen.end(closes: closes)
    }
  }

  // MARK: Reading

  private static func part(_ range: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[range])
  }

  static func text(_ range: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: part(range, bytes), as: UTF8.self)
  }

  /// The bytes of a poll's query, empty where there is none.
  static func query(of request: HotRequest, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard case .poll(_, let query) = request.target else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return part(query, bytes)
  }

  /// The type of a DDI answer; nil where none of it is accepted.
  private static func type(_ request: HotRequest, _ bytes: UnsafeRawBufferPointer) -> String? {
    var fields: HTTPFields = [:]
    fields[.accept] = request.accept.map { text($0, bytes) }
    return try? fields.ddiAnswerType()
  }

  /// `bytes=A-B`, both of them said and A within the image; nil for whatever else a Range field may say.
  static func plainRange(_ field: Slice<UnsafeRawBufferPointer>, size: Int64) -> Range<Int64>? {
    var rest = field[...]
    guard rest.starts(with: "bytes=".utf8) else { return nil }
    rest = rest.dropFirst(6)
    guard let first = number(&rest), rest.popFirst() == UInt8(ascii: "-"), let last = number(&rest), rest.isEmpty,
      first <= last, first < size
    else { return nil }
    return first..<(min(last, size - 1) + 1)
  }

  /// A number of so few digits that it fits, from the front.
  private static func number(_ text: inout Slice<UnsafeRawBufferPointer>) -> Int64? {
    let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard (1...15).contains(digits.count) else { return nil }
    text = text.dropFirst(digits.count)
    return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
  }
}

extension AnswerPen {
  /// The lines with which every head ends.
  fileprivate mutating func end(closes: Bool) {
    write("Date: ")
    write(HTTPDate.now())
    write(closes ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n")
  }
}
