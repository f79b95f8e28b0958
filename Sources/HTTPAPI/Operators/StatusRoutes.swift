public import APIContract
import Domain
public import FirmwareService
import Hummingbird

/// Figures, the audit log, and the check of the store.
struct StatusRoutes: Sendable {
  let service: FirmwareService

  func add(to table: inout RouteTable) {
    table.on(Endpoints.showStatus, status)
    table.on(Endpoints.showFleet, fleet)
    table.on(Endpoints.listAudit, audit)
    table.on(Endpoints.verifyStore, verify)
  }

  @Sendable func status(_ request: Request, _ context: APIContext) async throws -> Response {
    let firmwares = try await service.showStatus(model: request.query("model"), within: context.scope).map { status in
      FirmwareStatus(
        id: status.firmware.publicID, model: status.firmware.model, mcu: status.firmware.mcu,
        version: status.firmware.version.text, published: status.firmware.publishedAt != nil, running: status.running,
        counts: StateCounts(status.counts))
    }
    return try .json(StatusShape(firmwares: firmwares))
  }

  @Sendable func fleet(_ request: Request, _ context: APIContext) async throws -> Response {
    let report = try await service.showFleet(
      model: request.query("model"), silentFor: try request.number("silentFor").map(Int64.init), within: context.scope)
    return try .json(FleetShape(report))
  }

  @Sendable func audit(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listAudit(where: AuditFilter(request), try request.page)
    let entries = page.entries.map { entry in
      AuditEntryShape(
        at: entry.at, actor: entry.actor, action: entry.action, subject: entry.subject, details: entry.details,
        before: entry.before, after: entry.after)
    }
    return try .json(AuditList(entries: entries, next: PageCursor(page.next)))
  }

  @Sendable func verify(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(VerificationShape(try await service.verifyStore()))
  }
}

extension VerificationShape {
  public init(_ report: StoreReport) {
    self.init(
      sound: report.findings.isEmpty, images: report.images, bytes: report.bytes, firmwares: report.firmwares,
      things: report.things, orphans: report.orphans,
      problems: report.findings.map { StoreProblem(kind: $0.kind, subject: $0.subject, detail: $0.detail) })
  }
}

extension FleetShape {
  init(_ report: FleetReport) {
    let models = report.models.map { model in
      ModelFleetShape(
        model: model.model, things: model.things, activated: model.active, retired: model.retired,
        seenLastHour: model.seenLastHour, seenLastDay: model.seenLastDay, silent: model.silent,
        mcus: model.mcus.map { mcu in
          MCUVersionsShape(
            mcu: mcu.mcu, versions: mcu.versions.map { VersionThingsShape(version: $0.version, things: $0.things) },
            others: mcu.others == 0 ? nil : mcu.others)
        })
    }
    self.init(models: models, at: report.at)
  }
}
