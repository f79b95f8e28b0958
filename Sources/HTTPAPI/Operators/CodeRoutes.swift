import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Activation codes.
struct CodeRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.createCodes, create)
    table.on(Endpoints.listCodes, list)
  }

  @Sendable func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(NewCodes.self, settings)
    let codes = try await service.createCodes(for: new.model, count: new.count, within: context.scope, by: context.operatorName)
    return try .json(CodeList(codes: codes.map { CodeShape($0) }, next: PageCursor(nil)), status: .created)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listCodes(
      model: request.query("model"), unusedOnly: request.flag("unused"), within: context.scope, try request.page)
    guard request.headers[.accept]?.contains("text/csv") ?? false else {
      return try .json(CodeList(codes: page.entries.map { CodeShape($0) }, next: PageCursor(page.next)))
    }
    let lines = page.entries.map { code in
      [code.code, Self.field(code.model), code.createdAt.iso8601, code.usedAt?.iso8601 ?? "", code.thing ?? ""]
        .joined(separator: ",")
    }
    return .text((["code,model,createdAt,usedAt,thing"] + lines).joined(separator: "\r\n") + "\r\n", type: "text/csv")
  }

  /// A field of a CSV line (RFC 4180): quoted where it has to be.
  private static func field(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}

extension CodeShape {
  init(_ code: ClearCode) {
    self.init(code: code.code, model: code.model, createdAt: code.createdAt, usedAt: code.usedAt, thing: code.thing)
  }
}
