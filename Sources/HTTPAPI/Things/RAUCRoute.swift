import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `GET|HEAD /v2/things/T/rauc`: one address at which RAUC polls (RAUC's manual, "Polling") and from which it streams: the
/// bundle that the thing may have now, as the native download gives it.
struct RAUCRoute: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) { table.onHeadToo(Endpoints.pollAsRAUC, bundle) }

  @Sendable func bundle(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyUpdater(try context.parameter("token"))
    guard let firmware = try await firmware(for: thing, request) else {
      return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }
    let download = try await service.downloadFirmware(firmware.publicID, by: thing)
    var response = DownloadRoutes.answer(download, to: request, settings)
    // There may be another bundle at any time.
    response.headers[.cacheControl] = "no-cache, no-transform"
    return response
  }

  /// A request that asks what there is gets what the thing may have now. One that reads on gets more of what it began with,
  /// even if there is something newer meanwhile: bytes of two bundles make none.
  private func firmware(for thing: Int64, _ request: Request) async throws -> Firmware? {
    let said = RAUCSystem(request.headers)
    let isReading = request.method == .get && said.isSilent && Self.readsOn(request.headers)
    if isReading, let begun = try await service.firmwareUnderWay(on: thing) { return begun }
    try await service.noteIdentity(said.traits, of: thing)
    var running: [RunningReport] = []
    if let version = said.version {
      running.append(RunningReport(mcu: try await service.mcuNames(of: thing).first, version: version, boot: said.boot))
    }
    return try await service.offerFirmware(to: thing, running: running).installable
  }

  /// RAUC begins with the first four bytes, the magic number of a bundle, and says what it knows only there.
  private static func readsOn(_ asked: HTTPFields) -> Bool {
    guard let range = asked.joined(.range), asked[.ifNoneMatch] == nil else { return false }
    return range.filter { $0 != " " } != "bytes=0-3"
  }
}

/// What RAUC says of the system with its first request, as far as `send-headers` in its `system.conf` lets it.
struct RAUCSystem {
  /// What runs now, on the first MCU.
  let version: String?
  /// Changes with each boot.
  let boot: String?
  /// By the keys of the resources that they are kept as.
  let traits: [String: String]

  init(_ headers: HTTPFields) {
    func said(_ name: HTTPField.Name) -> String? { headers[name].flatMap { $0.isEmpty ? nil : $0 } }
    version = said(.raucSystemVersion)
    boot = said(.raucBootID)
    let all = ["rauc.machine-id": said(.raucMachineID), "rauc.serial": said(.raucSerial), "rauc.variant": said(.raucVariant)]
    traits = all.compactMapValues { $0 }
  }

  /// Whether it says nothing.
  var isSilent: Bool { version == nil && boot == nil && traits.isEmpty }
}

extension HTTPField.Name {
  static let raucSystemVersion = HTTPField.Name("RAUC-System-Version")!
  static let raucBootID = HTTPField.Name("RAUC-Boot-ID")!
  static let raucMachineID = HTTPField.Name("RAUC-Machine-ID")!
  static let raucSerial = HTTPField.Name("RAUC-Serial")!
  static let raucVariant = HTTPField.Name("RAUC-Variant")!
}
