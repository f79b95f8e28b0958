import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /v2/things/T/firmwares/latest`: the poll (wire page, section 3.8).
struct PollRoute: Sendable {
  let service: FirmwareService
  private let answer: PollAnswer

  init(service: FirmwareService, settings: APISettings) {
    self.service = service
    answer = PollAnswer(publicPath: settings.publicPath)
  }

  func add(to table: inout RouteTable) { table.onHeadToo(Endpoints.latestFirmwares, poll) }

  @Sendable func poll(_ request: Request, _ context: APIContext) async throws -> Response {
    let token = try context.parameter("token")
    let thing = try await service.identifyThing(token)
    let running = request.query("version").map {
      RunningReport(mcu: request.query("mcu"), version: $0, boot: request.query("boot"))
    }
    let offers = try await service.offerFirmware(to: thing, running: running)
    if request.flag("explain") {
      let account = try JSONText.encode(ExplanationShape(try await service.explain(thing)))
      return .jsonBytes(answer.bytes(offers.known, token: token, explanation: account), headers: [.cacheControl: "no-store"])
    }
    let (status, headers, body) = answer.parts(offers.known, token: token, to: request.headers)
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
  }
}

/// The answer to a poll, made by the templates of what things are offered: the same by every way.
struct PollAnswer: Sendable {
  private let templates: PollTemplates

  init(publicPath: String) { templates = PollTemplates(publicPath: publicPath) }

  /// The bytes for all that are offered this.
  func template(for offers: SharedOffers) -> PollTemplate { templates[offers] }

  /// 200, or 304 for one who has exactly this.
  func parts(
    _ offers: KnownOffers, token: String, to asked: HTTPFields
  ) -> (status: HTTPResponse.Status, headers: HTTPFields, body: ByteBuffer) {
    let tag = template(for: offers.shared).tag(retryAfter: offers.retryAfter)
    var headers: HTTPFields = [.eTag: tag, .cacheControl: "no-cache"]
    guard !EntityTag.isKnown(tag, by: asked.joined(.ifNoneMatch)) else { return (.notModified, headers, ByteBuffer()) }
    headers[.contentType] = "application/json"
    return (.ok, headers, ByteBuffer(bytes: bytes(offers, token: token)))
  }

  /// - Parameter explanation: JSON.
  func bytes(_ offers: KnownOffers, token: String, explanation: [UInt8]? = nil) -> [UInt8] {
    let template = template(for: offers.shared)
    var body: [UInt8] = []
    body.reserveCapacity(template.length(retryAfter: offers.retryAfter) + (explanation?.count ?? 0))
    var token = token
    token.withUTF8 { secret in
      template.write(token: UnsafeRawBufferPointer(secret), retryAfter: offers.retryAfter) { body += $0 }
    }
    if let explanation {
      body.removeLast()
      body += ",\"explanation\":".utf8
      body += explanation
      body.append(UInt8(ascii: "}"))
    }
    return body
  }
}
