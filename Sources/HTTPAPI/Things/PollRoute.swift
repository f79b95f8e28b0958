import APIContract
import Cryptography
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `GET /v2/things/T/firmwares/latest`: the poll (wire page, section 3.8).
struct PollRoute: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) { table.onHeadToo(Endpoints.latestFirmwares, poll) }

  @Sendable func poll(_ request: Request, _ context: APIContext) async throws -> Response {
    let token = try context.parameter("token")
    let thing = try await service.identifyThing(token)
    let running = request.query("version").map {
      RunningReport(mcu: request.query("mcu"), version: $0, boot: request.query("boot"))
    }
    let offers = try await service.offerFirmware(to: thing, running: running)
    let body = Array(LatestFirmwaresBody.text(offers, token: token, publicPath: settings.publicPath).utf8)
    let tag = "\"\(Hexadecimal.encode(SHA256Hasher.digest(of: body).prefix(16)))\""
    let conditions = Preconditions(ifNoneMatch: request.joined(.ifNoneMatch))
    let headers: HTTPFields = [.eTag: tag, .cacheControl: "no-cache"]
    let outcome = conditions.evaluate(against: .init(entityTag: tag), now: Timestamp(milliseconds: 0))
    guard outcome != .notModified else { return Response(status: .notModified, headers: headers) }
    return .jsonBytes(body, headers: headers)
  }
}

/// The body of a poll's answer. Members stand in the order of the wire page, and nothing that is not needed is written: small
/// devices hold about 1,400 bytes, headers included.
enum LatestFirmwaresBody {
  static func text(_ offers: [OfferedFirmware], token: String, publicPath: String) -> String {
    let entries = offers.map { offer in
      let firmware = offer.firmware
      let path = publicPath + Endpoints.downloadFirmware.path(token, firmware.publicID)
      return """
        {"_id":\(JSONText.quoted(firmware.publicID)),"version":\(JSONText.quoted(firmware.version.text)),\
        "mcu":\(JSONText.quoted(firmware.mcu)),"sequence":\(firmware.sequence),"size":\(firmware.size),\
        "sha256":"\(firmware.digest.hex)","url":\(JSONText.quoted(path)),"update":\(offer.isUpdate)}
        """
    }
    return "{\"status\":\"success\",\"firmwares\":[\(entries.joined(separator: ","))]}"
  }
}
