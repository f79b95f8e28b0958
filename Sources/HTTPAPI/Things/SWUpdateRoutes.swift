import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `GET /v2/things/T/swupdate` and `PUT …/swupdate/log`: SWUpdate's "general purpose HTTP server" (SWUpdate's manual,
/// "Suricatta daemon mode"), where statuses say everything: 302 is an update, 404 is none, 503 is one that has to wait.
struct SWUpdateRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.askAsSWUpdate, ask)
    table.on(Endpoints.logAsSWUpdate, log)
  }

  @Sendable func ask(_ request: Request, _ context: APIContext) async throws -> Response {
    let token = try context.parameter("token")
    let thing = try await service.identifyUpdater(token)
    let identity = try await service.identity(in: Self.said(request.uri.queryParameters), of: thing)
    try await service.noteIdentity(identity.traits, of: thing)
    let offers = try await service.offerFirmware(to: thing, running: identity.running)
    if let firmware = offers.installable {
      let origin = RequestOrigin.of(request, context, settings, publicURL: service.publicURL)
      let location = origin + Endpoints.downloadFirmware.path(token, firmware.publicID)
      return Response(status: .found, headers: [.location: location, .cacheControl: "no-store"])
    }
    // Whatever the status, SWUpdate takes Retry-After for the seconds between two polls from then on.
    let headers: HTTPFields = [.retryAfter: String(offers.retryAfter), .cacheControl: "no-store"]
    if let hold = offers.hold {
      throw APIError(status: .serviceUnavailable, code: "held", message: hold.explanation, headers: headers)
    }
    throw APIError(status: .notFound, code: "no-update", message: "there is no update", headers: headers)
  }

  /// What a device has in the `identify` section of its `swupdate.cfg`. Of parameters with one name the last counts.
  private static func said(_ query: some Sequence<(key: Substring, value: Substring)>) -> [String: String] {
    Dictionary(query.compactMap { key, value in PercentEncoding.decode(key).map { ($0, String(value)) } }) { $1 }
  }

  @Sendable func log(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyUpdater(try context.parameter("token"))
    let log = SWUpdateLog(try await request.bytes(upTo: settings.largestThingBody))
    guard !log.text.isEmpty else { return .success("nothing to log") }
    var records = [ResourceRecord(key: SWUpdateLog.resource, value: .string(log.text))]
    if let end = log.end, let firmware = try await service.firmwareUnderWay(on: thing) {
      var report: [String: JSONValue] = [
        "mcu": .string(firmware.mcu), "version": .string(firmware.version.text), "status": .string(end.status.rawValue),
      ]
      if end.status == .failed { report["message"] = .string(end.line) }
      records.append(ResourceRecord(key: FirmwareService.firmwareResource, value: .object(report)))
    }
    try await service.writeResources(records, of: thing)
    return .success("logged")
  }
}

extension FirmwareService {
  /// Finds the thing that an updater asks for.
  /// - Throws: `unauthorized` for a token that belongs to none: what is not found would be to updaters that there is no update.
  func identifyUpdater(_ token: String) async throws -> Int64 {
    do { return try await identifyThing(token) } catch let error as ServiceError where error.code == .unknownThing {
      throw ServiceError(.unauthorized, error.message)
    }
  }
}

extension Offers {
  /// The first update that may be installed. What is to be fetched only is nothing for an updater that installs what it gets.
  var installable: Firmware? { firmwares.first { $0.isUpdate && !$0.isDownloadOnly }?.firmware }
}

/// What a device sends to its log address: lines of values with commas between them, as the device's `logevent` section has it.
struct SWUpdateLog {
  static let resource = "swupdate.log"
  /// In bytes; of a longer text the end is kept.
  static let longest = 4096

  let text: String
  /// The last line that tells how an update has ended: its first value is the name of SWUpdate's event.
  let end: (status: ReportedStatus, line: String)?

  init(_ bytes: [UInt8]) {
    // A character that was cut begins with bytes that continue it.
    let kept =
      bytes.count > Self.longest ? bytes.suffix(Self.longest).drop { $0 & 0b1100_0000 == 0b1000_0000 } : bytes[...]
    text = String(decoding: kept.filter { $0 != 0 }, as: UTF8.self)
    let ends = text.split(whereSeparator: \.isNewline).compactMap { line -> (status: ReportedStatus, line: String)? in
      switch line.prefix(while: { $0 != "," }).filter({ $0 != " " }).lowercased() {
      case "success": (.installed, String(line))
      case "fail": (.failed, String(line))
      default: nil
      }
    }
    end = ends.last
  }
}
