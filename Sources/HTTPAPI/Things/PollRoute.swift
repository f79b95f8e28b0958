import APIContract
import Cryptography
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
      return .jsonBytes(answer.bytes(offers, token: token, explanation: account), headers: [.cacheControl: "no-store"])
    }
    let (status, headers, body) = answer.parts(offers, token: token, to: request.headers)
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
  }
}

/// The answer to a poll. Members of its body stand in the order of the wire page, and nothing that is not needed is written:
/// small devices hold about 1,400 bytes, headers included.
struct PollAnswer: Sendable {
  /// What stands before, between and after the token and the id in the path of a download.
  private let pathPieces: [String]

  init(publicPath: String) {
    var pieces = Endpoints.downloadFirmware.literalPieces
    pieces[0] = publicPath + pieces[0]
    pathPieces = pieces
  }

  /// 200, or 304 for one who has exactly this.
  func parts(
    _ offers: Offers, token: String, to asked: HTTPFields
  ) -> (status: HTTPResponse.Status, headers: HTTPFields, body: ByteBuffer) {
    let body = bytes(offers, token: token)
    let tag = "\"\(Hexadecimal.encode(SHA256Hasher.digest(of: body).prefix(16)))\""
    var headers: HTTPFields = [.eTag: tag, .cacheControl: "no-cache"]
    let conditions = Preconditions(ifNoneMatch: asked.joined(.ifNoneMatch))
    let outcome = conditions.evaluate(against: .init(entityTag: tag), now: Timestamp(milliseconds: 0))
    guard outcome != .notModified else { return (.notModified, headers, ByteBuffer()) }
    headers[.contentType] = "application/json"
    return (.ok, headers, ByteBuffer(bytes: body))
  }

  /// - Parameter explanation: JSON.
  func bytes(_ offers: Offers, token: String, explanation: [UInt8]? = nil) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(96 + offers.firmwares.count * 340 + (explanation?.count ?? 0))
    body += "{\"status\":\"success\",\"firmwares\":[".utf8
    for (index, offer) in offers.firmwares.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      append(offer, token, to: &body)
    }
    body += "],\"retryAfter\":\(offers.retryAfter)".utf8
    if let explanation {
      body += ",\"explanation\":".utf8
      body += explanation
    }
    body.append(UInt8(ascii: "}"))
    return body
  }

  private func append(_ offer: OfferedFirmware, _ token: String, to body: inout [UInt8]) {
    let firmware = offer.firmware
    body += "{\"_id\":\"".utf8
    body += firmware.publicID.utf8
    body += "\",\"version\":".utf8
    body += JSONText.quoted(firmware.version.text).utf8
    body += ",\"mcu\":".utf8
    body += JSONText.quoted(firmware.mcu).utf8
    body += ",\"sequence\":\(firmware.sequence),\"size\":\(firmware.size),\"sha256\":\"".utf8
    body += firmware.digest.hex.utf8
    body += "\",\"url\":\"".utf8
    body += pathPieces[0].utf8
    body += token.utf8
    body += pathPieces[1].utf8
    body += firmware.publicID.utf8
    body += (offer.isUpdate ? "\",\"update\":true" : "\",\"update\":false").utf8
    if offer.isDownloadOnly { body += ",\"downloadOnly\":true".utf8 }
    body.append(UInt8(ascii: "}"))
  }
}
