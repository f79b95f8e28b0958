import APIContract
import Domain
public import FirmwareService
import HTTPTypes
import Hummingbird
import NIOCore

/// Requests that are answered on the event loop, without the framework, since there are so many of them: writes of values by
/// things, their polls, and downloads of images that are in memory. It claims only what it understands completely, by the
/// verbs that the routes call, and answers only what succeeds: for everything else the router is asked, as if nobody had
/// looked at the request before. Where they come plainly written and one by one, `HotPathHandler` answers polls and downloads
/// before.
public struct DirectAnswers: Sendable {
  enum Claim: Sendable {
    case write(ThingToken)
    case poll(ThingToken, RunningReport?)
    case download(ThingToken, firmware: String)
    case controllerPoll(ControllerPath, ControllerCredentials)
  }

  /// An answer, ready to be sent.
  struct Answer: Sendable {
    let head: HTTPResponse
    let body: ByteBuffer
    /// Called once the body has been given to the system.
    var whenSent: (@Sendable () -> Void)?
  }

  enum Outcome {
    case answer(Answer)
    /// The answer comes later.
    case later
    /// The router has to be asked.
    case unanswered
  }

  /// The longest body that is read on an event loop, in bytes: others wait behind it.
  static let longestBody = 4096

  /// What stands before the token, and after it.
  private static let path = Array(Endpoints.writeResources.literalPieces[0].utf8)
  private static let poll = Array(Endpoints.latestFirmwares.literalPieces[1].utf8)
  private static let download = Array(Endpoints.downloadFirmware.literalPieces[1].utf8)
  private static let created = ByteBuffer(bytes: ResourceRoutes.created)

  let service: FirmwareService
  let settings: APISettings
  let pollAnswer: PollAnswer
  let figures = RequestFigures()

  public init(service: FirmwareService, settings: APISettings) {
    self.service = service
    self.settings = settings
    pollAnswer = PollAnswer(publicPath: settings.publicPath)
  }

  // MARK: Claims

  /// What a request asks for; nil for one that is not claimed.
  /// - Parameter secure: the connection, where it is encrypted.
  func claim(_ head: HTTPRequest, on secure: SecureConnection? = nil) -> Claim? {
    guard head.method == .post || head.method == .get, let path = head.path?.utf8 else { return nil }
    // Pages of other origins get more of an answer.
    guard head.headerFields[.origin] == nil else { return nil }
    guard path.starts(with: Self.path) else { return claimController(head, path, secure) }
    let rest = path.dropFirst(Self.path.count)
    guard let token = ThingToken(Substring(rest.prefix(ThingToken.length))) else { return nil }
    guard secure?.isKnownToAdmit(token) ?? true else { return nil }
    let end = rest.dropFirst(ThingToken.length)
    if head.method == .post { return end.isEmpty ? .write(token) : nil }
    if end.starts(with: Self.download) {
      let id = end.dropFirst(Self.download.count)
      return !id.isEmpty && id.allSatisfy(Base64URL.isCharacter) ? .download(token, firmware: String(Substring(id))) : nil
    }
    guard end.starts(with: Self.poll) else { return nil }
    let query = end.dropFirst(Self.poll.count)
    guard let mark = query.first else { return .poll(token, nil) }
    guard mark == UInt8(ascii: "?"), let report = Self.report(query.dropFirst()) else { return nil }
    return .poll(token, report)
  }

  /// What a query says that runs: plain values of `mcu`, `version` and `boot`, each once.
  static func report(_ query: Substring.UTF8View) -> RunningReport? {
    var values: (mcu: String?, version: String?, boot: String?) = (nil, nil, nil)
    for pair in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      guard let sign = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let value = pair[pair.index(after: sign)...]
      guard !value.isEmpty, value.allSatisfy(Self.isPlain) else { return nil }
      let text = String(Substring(value))
      switch Substring(pair[..<sign]) {
      case "mcu" where values.mcu == nil: values.mcu = text
      case "version" where values.version == nil: values.version = text
      case "boot" where values.boot == nil: values.boot = text
      default: return nil
      }
    }
    return values.version.map { RunningReport(mcu: values.mcu, version: $0, boot: values.boot) }
  }

  /// RFC 3986 section 2.3: characters that stand for themselves everywhere.
  static func isPlain(_ byte: UInt8) -> Bool {
    Base64URL.isCharacter(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
  }

  // MARK: Answers

  /// Answers a request that was claimed.
  /// - Parameters:
  ///   - isEncrypted: whether the answer will be.
  ///   - done: given the answer that comes later, on another thread; nil where the router has to be asked after all.
  func answer(
    _ claim: Claim, _ head: HTTPRequest, _ body: ByteBuffer, isEncrypted: Bool, done: @escaping @Sendable (Answer?) -> Void
  ) -> Outcome {
    switch claim {
    case .poll(let token, let report): answerPoll(by: token, report, head).map { .answer($0) } ?? .unanswered
    case .download(let token, let firmware):
      answerDownload(of: firmware, by: token, head, isEncrypted: isEncrypted).map { .answer($0) } ?? .unanswered
    case .controllerPoll(let path, let credentials):
      answerPoll(of: path, credentials, head).map { .answer($0) } ?? .unanswered
    case .write(let token): write(body, by: token, done: done) ? .later : .unanswered
    }
  }

  /// The answer to a poll; nil where the router has to be asked.
  private func answerPoll(by token: ThingToken, _ report: RunningReport?, _ head: HTTPRequest) -> Answer? {
    let start = ContinuousClock.now
    guard let offers = offers(to: token, report, head) else { return nil }
    let (status, headers, body) = pollAnswer.parts(offers, token: token.secret, to: head.headerFields)
    figures.count(status, after: ContinuousClock.now - start)
    return Self.answer(status, headers, body)
  }

  private func offers(to token: ThingToken, _ report: RunningReport?, _ head: HTTPRequest) -> KnownOffers? {
    var (path, secret) = (head.path ?? "", token.secret)
    return path.withUTF8 { path in
      let mark = path.firstIndex(of: UInt8(ascii: "?"))
      let query = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(path)[(mark.map { $0 + 1 } ?? path.count)...])
      let recalled = secret.withUTF8 { service.recallOffers(toThingBy: UnsafeRawBufferPointer($0), asked: query) }
      guard let known = recalled.flatMap({ service.offers(by: $0) }) else {
        return service.offerFirmware(toThingBy: token, running: report, asked: query)
      }
      service.count(known.shared)
      return known
    }
  }

  /// The answer to a download, with a body of one piece at most; nil where the router has to be asked.
  private func answerDownload(
    of firmware: String, by token: ThingToken, _ head: HTTPRequest, isEncrypted: Bool
  ) -> Answer? {
    let start = ContinuousClock.now
    guard let download = service.downloadFirmware(firmware, byThingBy: token) else { return nil }
    let plan = DownloadPlan(download.firmware, head.method, head.headerFields, mostRanges: settings.mostRanges)
    guard let piece = plan.pieces.first else {
      figures.count(plan.status, after: ContinuousClock.now - start)
      return Self.answer(plan.status, plan.headers, ByteBuffer())
    }
    guard plan.pieces.count == 1, case .bytes(let range) = piece, let bytes = download.slice(range),
      // What is encrypted is a copy of all that is written at once.
      !isEncrypted || range.count <= ImageStream.encryptedPieceSize
    else { return nil }
    download.begin()
    figures.count(plan.status, after: ContinuousClock.now - start)
    var answer = Self.answer(plan.status, plan.headers, bytes)
    answer.whenSent = { download.sent(range) }
    return answer
  }

  /// Writes what a body says.
  /// - Parameter done: given the answer once it is durable, on another thread; nil where it could not be made so.
  /// - Returns: false where the router has to be asked at once.
  private func write(_ body: ByteBuffer, by token: ThingToken, done: @escaping @Sendable (Answer?) -> Void) -> Bool {
    let start = ContinuousClock.now
    return service.writeResources(ofThingBy: token) {
      records(in: Array(body.readableBytesView))
    } done: { [figures] isDurable in
      guard isDurable else { return done(nil) }
      figures.count(.created, after: ContinuousClock.now - start)
      done(Self.answer(.created, [.contentType: "application/json"], Self.created))
    }
  }

  /// What a body says; nil for what is not plainly right.
  private func records(in body: [UInt8]) -> [ResourceRecord]? {
    guard body.first == UInt8(ascii: "{"),
      let written = try? JSONText.decode(ResourceWrite.self, from: body, deepest: settings.deepestJSON)
    else { return nil }
    return try? written.values.map { try ResourceRecord($0) }
  }

  static func answer(_ status: HTTPResponse.Status, _ headers: HTTPFields, _ body: ByteBuffer) -> Answer {
    var headers = headers
    headers[.contentLength] = String(body.readableBytes)
    headers[.date] = HTTPDate.now()
    return Answer(head: HTTPResponse(status: status, headerFields: headers), body: body)
  }
}
