import Catalog
import Domain
import Rollouts

extension FirmwareService {
  /// The magic resource by which a thing tells what happens to its firmware.
  public static let firmwareResource = "$firmware"

  /// The longest text that is kept of a failure's code, message or boot value, in characters. Longer ones are cut: a device
  /// cannot do anything about a refusal.
  static let longestReportText = 1000

  func apply(
    _ report: FirmwareReport, to standing: inout ThingStanding, _ model: Model, _ releases: ReleaseSnapshot,
    _ facts: ThingFacts?, at now: Timestamp
  ) throws {
    guard let status = report.status else {
      let running = RunningReport(mcu: report.mcu, version: report.version, boot: report.boot)
      return try Self.apply(running, to: &standing, model, releases, at: now)
    }
    let mcu = try Self.mcu(named: report.mcu, of: model)
    guard let firmware = releases.firmware(mcuID: mcu.id, version: report.version) else {
      throw ServiceError(.malformed, "version: there is no firmware \(report.version) for \(mcu.name)")
    }
    var place = standing.mcu(mcu.id) ?? MCUStanding(mcuID: mcu.id)
    let progress = ProgressReport(status: status, boot: report.boot, code: report.code, message: report.message)
    let known = standing.installation(of: firmware.id)
    if known == nil {
      standing.set(Installation(firmwareID: firmware.id, state: .offered, since: now))
      join(firmware, &standing, releases, facts, at: now)
    }
    let installation = standing.installation(of: firmware.id)
    let attempts = installation?.rolloutID.flatMap { releases.rules($0) }?.rollout.plan.attempts ?? 1
    let next = InstallationProgress.apply(
      progress, to: installation, of: firmware.id, knownBoot: place.boot, attempts: attempts, at: now)
    standing.set(next)
    // With its claim the thing takes back what it seemed to run: what that is, nobody knows now.
    if installation?.state == .claimed, next.state != .claimed, place.running == firmware.version.text {
      (place.running, place.reportedAt) = (nil, nil)
    }
    place.firmwareID = firmware.id
    standing.set(place)
    DeliveryProgress.follow(&standing, releases, at: now)
  }

  /// Applies "this version runs": the truth about every firmware that is or was under way on the MCU.
  static func apply(
    _ report: RunningReport, to standing: inout ThingStanding, _ model: Model, _ releases: ReleaseSnapshot,
    at now: Timestamp
  ) throws {
    let mcu = try mcu(named: report.mcu, of: model)
    guard FirmwareVersion(report.version) != nil else {
      throw ServiceError(.malformed, "version: 1 to \(PrintableText.longest) printable characters are needed")
    }
    let boot = report.boot.map { String($0.prefix(longestReportText)) }
    guard boot?.unicodeScalars.contains("\0") != true else { throw ServiceError(.malformed, "boot: has a NUL character") }
    let registered = releases.firmware(mcuID: mcu.id, version: report.version)
    apply(report.version, boot: boot, on: mcu, registered, claimed: nil, to: &standing, model, releases, at: now)
  }

  /// Believes a thing that it installed a firmware and runs it, where it cannot say which version runs. Everything else that
  /// is or was under way on the MCU takes it as if the thing had said the version.
  /// - Throws: `malformed` for a firmware of another model.
  static func claim(
    _ firmware: Firmware, in standing: inout ThingStanding, _ model: Model, _ releases: ReleaseSnapshot, at now: Timestamp
  ) throws {
    guard let mcu = model.mcus.first(where: { $0.id == firmware.mcuID }) else {
      throw ServiceError(.malformed, "firmware: \(firmware.version) is for no MCU of \(model.name)")
    }
    apply(firmware.version.text, boot: nil, on: mcu, firmware, claimed: firmware, to: &standing, model, releases, at: now)
  }

  /// - Parameters:
  ///   - registered: the registered firmware of the version, if there is one.
  ///   - claimed: the same, where the thing did not say the version itself.
  private static func apply(
    _ version: String, boot: String?, on mcu: MCU, _ registered: Firmware?, claimed: Firmware?,
    to standing: inout ThingStanding, _ model: Model, _ releases: ReleaseSnapshot, at now: Timestamp
  ) {
    var place = standing.mcu(mcu.id) ?? MCUStanding(mcuID: mcu.id)
    for installation in standing.installations where installation.firmwareID != claimed?.id {
      guard let target = releases.firmware(installation.firmwareID), target.mcuID == mcu.id else { continue }
      // What was replaced long ago is no longer about what runs now; what still waits for a confirmation is.
      guard target.id == place.firmwareID || target.id == registered?.id || installation.state == .installed else { continue }
      let next = Confirmation.apply(
        running: version, boot: boot, to: installation, of: target, registered: registered,
        confirmWithin: model.confirmWithin, at: now)
      if let next { standing.set(next) }
    }
    if let claimed {
      standing.set(InstallationProgress.claim(standing.installation(of: claimed.id), of: claimed.id, at: now))
    }
    if let registered,
      !isUnderWay(place.firmwareID, standing, releases) || isNewer(registered, than: place.firmwareID, releases)
    {
      place.firmwareID = standing.installation(of: registered.id) == nil ? nil : registered.id
    }
    if place.running != version || (boot != nil && place.boot != boot) {
      place.running = version
      place.boot = boot ?? place.boot
      place.reportedAt = now
    }
    standing.set(place)
    DeliveryProgress.follow(&standing, releases, at: now)
  }

  /// Whether the present state of an MCU is about an update that goes on or that went wrong: else it is about what runs.
  private static func isUnderWay(_ id: Int64?, _ standing: ThingStanding, _ releases: ReleaseSnapshot) -> Bool {
    guard let id, let installation = standing.installation(of: id) else { return false }
    switch installation.state {
    case .offered, .downloading, .downloaded:
      let state = installation.rolloutID.flatMap { releases.rules($0) }?.rollout.state
      return state.map { $0.isOpen || $0.isUnderWay } ?? false
    case .installing, .installed, .failed, .rejected, .rolledBack: return true
    case .confirmed, .claimed: return false
    }
  }

  private static func isNewer(_ firmware: Firmware, than id: Int64?, _ releases: ReleaseSnapshot) -> Bool {
    id.flatMap { releases.firmware($0) }.map { firmware.sequence > $0.sequence } ?? true
  }

  private static func mcu(named name: String?, of model: Model) throws -> MCU {
    guard let name else {
      guard let only = model.mcus.first, model.mcus.count == 1 else {
        throw ServiceError(.malformed, "mcu: is needed, since \(model.name) has several")
      }
      return only
    }
    // Clients that encode a query as a form send blanks as `+`; a name that has a plus itself comes first.
    let formDecoded = String(name.map { $0 == "+" ? " " : $0 })
    guard let mcu = model.mcu(named: name) ?? model.mcu(named: formDecoded) else {
      throw ServiceError(.malformed, "mcu: \(model.name) has no such MCU")
    }
    return mcu
  }
}

/// A `$firmware` report as a thing writes it. Numbers are taken where texts are expected: small devices print what they have.
struct FirmwareReport {
  let mcu: String?
  let version: String
  let status: ReportedStatus?
  let boot: String?
  let code: String?
  let message: String?

  init(mcu: String?, version: String, status: ReportedStatus?, boot: String? = nil, code: String?, message: String?) {
    self.mcu = mcu
    self.version = version
    self.status = status
    self.boot = boot
    self.code = code
    self.message = message.map { String($0.prefix(FirmwareService.longestReportText)) }
  }

  init(_ value: JSONValue) throws {
    guard case .object = value else { throw ServiceError(.malformed, "value: an object is needed") }
    mcu = try Self.text(value, "mcu")
    guard let version = try Self.text(value, "version") else { throw ServiceError(.malformed, "version: is needed") }
    self.version = version
    boot = try Self.text(value, "boot")
    code = try Self.text(value, "code")
    message = try Self.text(value, "message")
    status = try Self.text(value, "status").map { text in
      guard let status = ReportedStatus(rawValue: text) else {
        let known = ReportedStatus.allCases.map(\.rawValue).joined(separator: ", ")
        throw ServiceError(.malformed, "status: is none of \(known)")
      }
      return status
    }
  }

  private static func text(_ value: JSONValue, _ name: String) throws -> String? {
    switch value[name] {
    case nil, .null: return nil
    case .string(let text):
      guard !text.unicodeScalars.contains("\0") else { throw ServiceError(.malformed, "\(name): has a NUL character") }
      return String(text.prefix(FirmwareService.longestReportText))
    case .integer(let number): return String(number)
    case .number(let number): return String(number)
    default: throw ServiceError(.malformed, "\(name): a text is needed")
    }
  }
}
