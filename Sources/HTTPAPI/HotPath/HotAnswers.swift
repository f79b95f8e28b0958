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
    case controller(KnownControllerPoll, DirectAnswers.ControllerPath)
  }

  enum Answer {
    /// It is among the answers of the thread.
    case gathered
    /// Its head is, and a range of an image follows that is in memory.
    case image(ByteBuffer, FirmwareDownload, Range<Int64>)
    /// The same with one that has to be read.
    case stream(FirmwareDownload, Range<Int64>)
  }

  private let direct: DirectAnswers
  private let heads = ImageHeads()

  init(_ direct: DirectAnswers) { self.direct = direct }

  // MARK: What the service says

  /// Whether a thing's token need not be compared with the certificate of the connection, which the router does.
  func admits(_ request: HotRequest, in bytes: UnsafeRawBufferPointer, on secure: SecureConnection) -> Bool {
    switch request.target {
    case .poll(let token, _), .download(let token, _): secure.isKnownToAdmit(ThingToken(token.string(in: bytes)))
    case .controllerPoll: true
    }
  }

  /// The token of a request for a thing.
  func token(of request: HotRequest, in bytes: UnsafeRawBufferPointer) -> ThingToken? {
    switch request.target {
    case .poll(let token, _), .download(let token, _): ThingToken(token.string(in: bytes))
    case .controllerPoll: nil
    }
  }

  /// Compares a thing's token with the certificate of a connection.
  /// - Returns: whether it may be answered there from now on. Where it may not be, or that cannot be said, the router says so.
  func admit(_ token: ThingToken, on secure: SecureConnection) async -> Bool {
    guard let name = secure.certificateName, (try? await direct.service.admitsCertificate(name, beside: token)) == true
    else { return false }
    secure.admits(token)
    return true
  }

  /// Answers a poll as it was answered before, where that still holds.
  /// - Parameters:
  ///   - start: when the request was read.
  ///   - closes: whether the connection ends with the answer.
  ///   - secure: the connection, where it is encrypted.
  ///   - thread: takes the answer.
  /// - Returns: whether it is answered; whatever is not has to be looked at more closely.
  func answerAgain(
    _ request: HotRequest, in bytes: UnsafeRawBufferPointer, since start: NIODeadline, closes: Bool,
    on secure: SecureConnection?, by thread: inout ThreadAnswers
  ) -> Bool {
    switch request.target {
    case .poll(let token, let query):
      direct.service.recallOffers(toThingBy: token.part(of: bytes), asked: query.part(of: bytes)).map {
        answerAgain(request, by: $0, in: bytes, since: start, closes: closes, by: &thread)
      } ?? false
    case .controllerPoll: answerController(request, bytes, since: start, closes: closes, on: secure, by: &thread)
    case .download: false
    }
  }

  /// The same for a device of the DDI door: for the same words, which its connection adds nothing to.
  private func answerController(
    _ request: HotRequest, _ bytes: UnsafeRawBufferPointer, since start: NIODeadline, closes: Bool,
    on secure: SecureConnection?, by thread: inout ThreadAnswers
  ) -> Bool {
    guard closes == request.closes, secure?.certificateName == nil,
      let known = thread.controllers[HeadKey(request, in: bytes, isSecure: secure != nil)],
      direct.service.answersAgain(known.mark)
    else { return false }
    let date = thread.date(at: start)
    known.answer.write(to: &thread.gathered, date: date)
    direct.figures.count(known.answer.status, since: start)
    return true
  }

  /// The same for a poll that `recall` has an answer to.
  func answerAgain(
    _ request: HotRequest, by mark: AnswerMark, in bytes: UnsafeRawBufferPointer, since start: NIODeadline, closes: Bool,
    by thread: inout ThreadAnswers
  ) -> Bool {
    guard case .poll(let token, _) = request.target, let poll = poll(by: mark, by: &thread) else { return false }
    direct.service.count(poll.offers)
    write(poll, mark.retryAfter, to: request, token, bytes, since: start, closes: closes, by: &thread)
    return true
  }

  /// What polls were answered before, of several that were read together.
  func recall(_ polls: inout [RepeatedPoll]) { direct.service.recallOffers(to: &polls) }

  private func poll(by mark: AnswerMark, by thread: inout ThreadAnswers) -> PreparedPoll? {
    if let poll = thread.polls[mark.number] { return poll }
    guard let offers = direct.service.offers(by: mark) else { return nil }
    return prepare(offers.shared, by: &thread)
  }

  private func prepare(_ offers: SharedOffers, by thread: inout ThreadAnswers) -> PreparedPoll {
    let poll = PreparedPoll(offers, direct.pollAnswer.template(for: offers))
    thread.polls.keep(poll)
    return poll
  }

  private func write(
    _ poll: PreparedPoll, _ retryAfter: Int64, to request: HotRequest, _ token: ByteSpan, _ bytes: UnsafeRawBufferPointer,
    since start: NIODeadline, closes: Bool, by thread: inout ThreadAnswers
  ) {
    let date = thread.date(at: start)
    let status = poll.write(
      to: &thread.gathered, token: token.part(of: bytes), retryAfter: retryAfter,
      ifNoneMatch: request.ifNoneMatch.part(of: bytes), date: date, closes: closes)
    direct.figures.count(status, since: start)
  }

  /// What a request asks for; nil for one that is left to the router.
  /// - Parameter secure: the connection, where it is encrypted.
  func claim(
    _ request: HotRequest, in bytes: UnsafeRawBufferPointer, on secure: SecureConnection?
  ) -> DirectAnswers.Claim? {
    switch request.target {
    case .poll(let token, let query):
      guard let token = ThingToken(token.string(in: bytes)) else { return nil }
      guard !query.isEmpty else { return .poll(token, nil) }
      return DirectAnswers.report(query.string(in: bytes)[...].utf8).map { .poll(token, $0) }
    case .download(let token, let firmware):
      return ThingToken(token.string(in: bytes)).map { .download($0, firmware: firmware.string(in: bytes)) }
    case .controllerPoll(let tenant, let controller):
      let path = DirectAnswers.ControllerPath(
        tenant: tenant.string(in: bytes), controllerID: controller.string(in: bytes), isSecure: secure != nil)
      let shown = request.authorization.text(in: bytes)
      guard let credentials = DirectAnswers.credentials(shown, ofController: path.controllerID, secure),
        direct.origin(ofHost: request.host.string(in: bytes), isSecure: path.isSecure) != nil, Self.type(request, bytes) != nil
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
        // What memory decides it remembers.
        if report == nil, try await service.recollectThing(token),
          let found = find(claim, asked: UnsafeRawBufferPointer(start: nil, count: 0))
        {
          return found
        }
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
    _ found: Found, to request: HotRequest, in bytes: UnsafeRawBufferPointer, since start: NIODeadline, closes: Bool,
    by thread: inout ThreadAnswers
  ) -> Answer? {
    let outcome: (status: HTTPResponse.Status, answer: Answer)?
    switch found {
    case .offers(let offers):
      guard case .poll(let token, _) = request.target else { return nil }
      let poll = thread.polls[offers.shared.number] ?? prepare(offers.shared, by: &thread)
      write(poll, offers.retryAfter, to: request, token, bytes, since: start, closes: closes, by: &thread)
      return .gathered
    case .controller(let found, let path):
      guard let origin = direct.origin(ofHost: request.host.string(in: bytes), isSecure: path.isSecure),
        let type = Self.type(request, bytes)
      else { return nil }
      let links = DDILinks(origin: origin, tenant: path.tenant, controllerID: path.controllerID)
      let body = TaggedBody(DDIPollAnswer.bytes(found.poll, links))
      let isKnown = EntityTag.isKnown(body.tag, by: request.ifNoneMatch.text(in: bytes))
      let head = AnswerHead(tag: body.tag, type: type, bodyLength: body.bytes.count, isKnown: isKnown, closes: closes)
      let answer = PreparedAnswer(head) { $0.write(body.bytes) }
      if let mark = found.mark, closes == request.closes {
        thread.controllers.keep(answer, for: mark, to: HeadKey(request, in: bytes, isSecure: path.isSecure))
      }
      let date = thread.date(at: start)
      answer.write(to: &thread.gathered, date: date)
      direct.figures.count(head.status, since: start)
      return .gathered
    case .download(let download):
      outcome =
        plainAnswer(download, to: request, bytes, at: start, closes: closes, by: &thread)
        ?? plannedAnswer(download, to: request, bytes, at: start, closes: closes, by: &thread)
    }
    guard let outcome else { return nil }
    direct.figures.count(outcome.status, since: start)
    return outcome.answer
  }

  /// The answer to a request for all of an image or one plain range of it, without conditions; nil for any other.
  private func plainAnswer(
    _ download: FirmwareDownload, to request: HotRequest, _ bytes: UnsafeRawBufferPointer, at now: NIODeadline,
    closes: Bool, by thread: inout ThreadAnswers
  ) -> (HTTPResponse.Status, Answer)? {
    let size = download.firmware.size
    guard request.ifNoneMatch.isEmpty, request.ifRange.isEmpty, size > 0, direct.settings.mostRanges > 0 else { return nil }
    let asked: Range<Int64>?
    if request.range.isEmpty {
      asked = nil
    } else {
      guard let plain = Self.plainRange(bytes[request.range.range], size: size) else { return nil }
      asked = plain
    }
    let lines = heads.lines(of: download.firmware)
    let range = asked ?? 0..<size
    let date = thread.date(at: now)
    AnswerPen.add(to: &thread.gathered, capacity: 320 + lines.count) { pen in
      pen.write(asked == nil ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Partial Content\r\n")
      pen.write(lines)
      if asked != nil { pen.write("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)\r\n") }
      pen.write("Content-Length: ")
      pen.write(Int64(range.count))
      pen.write("\r\n")
      pen.end(at: date, closes: closes)
    }
    return (asked == nil ? .ok : .partialContent, Self.image(download, range))
  }

  /// The answer by the whole rules for downloads; nil where it takes more than one piece.
  private func plannedAnswer(
    _ download: FirmwareDownload, to request: HotRequest, _ bytes: UnsafeRawBufferPointer, at now: NIODeadline,
    closes: Bool, by thread: inout ThreadAnswers
  ) -> (HTTPResponse.Status, Answer)? {
    var asked: HTTPFields = [:]
    asked[.ifNoneMatch] = request.ifNoneMatch.text(in: bytes)
    asked[.range] = request.range.text(in: bytes)
    asked[.ifRange] = request.ifRange.text(in: bytes)
    let plan = DownloadPlan(download.firmware, .get, asked, mostRanges: direct.settings.mostRanges)
    guard let piece = plan.pieces.first else {
      Self.add(plan.status, plan.headers, length: 0, at: now, closes: closes, by: &thread)
      return (plan.status, .gathered)
    }
    guard plan.pieces.count == 1, case .bytes(let range) = piece, !range.isEmpty else { return nil }
    Self.add(plan.status, plan.headers, length: Int64(range.count), at: now, closes: closes, by: &thread)
    return (plan.status, Self.image(download, range))
  }

  /// The bytes of an image that are on their way from now on.
  private static func image(_ download: FirmwareDownload, _ range: Range<Int64>) -> Answer {
    download.begin()
    guard let slice = download.slice(range) else { return .stream(download, range) }
    return .image(slice, download, range)
  }

  private static func add(
    _ status: HTTPResponse.Status, _ fields: HTTPFields, length: Int64, at now: NIODeadline, closes: Bool,
    by thread: inout ThreadAnswers
  ) {
    var fields = fields
    // An answer of 304 has none (RFC 9110 section 8.6).
    fields[.contentLength] = status == .notModified ? nil : String(length)
    let lines = fields.map { "\($0.name.rawName): \($0.value)\r\n" }.joined()
    let date = thread.date(at: now)
    AnswerPen.add(to: &thread.gathered, capacity: 160 + status.reasonPhrase.utf8.count + lines.utf8.count) { pen in
      pen.write("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
      pen.write(lines)
      pen.end(at: date, closes: closes)
    }
  }

  // MARK: Reading

  /// The bytes of a poll's query, empty where there is none.
  static func query(of request: HotRequest, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard case .poll(_, let query) = request.target else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return query.part(of: bytes)
  }

  /// The type of a DDI answer; nil where none of it is accepted.
  private static func type(_ request: HotRequest, _ bytes: UnsafeRawBufferPointer) -> String? {
    var fields: HTTPFields = [:]
    fields[.accept] = request.accept.text(in: bytes)
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
