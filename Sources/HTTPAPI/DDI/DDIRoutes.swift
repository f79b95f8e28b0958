import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird
import NIOCore

/// hawkBit's Direct Device Integration: the door of SWUpdate, RAUC and Zephyr devices. What succeeds is 200, without a body
/// where there is nothing to say: clients take nothing else.
struct DDIRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.pollController, poll)
    table.on(Endpoints.putConfigData, putConfigData)
    table.on(Endpoints.readDeployment, readDeployment)
    table.on(Endpoints.reportDeployment, reportDeployment)
    table.on(Endpoints.readCancellation, readCancellation)
    table.on(Endpoints.reportCancellation, reportCancellation)
    table.on(Endpoints.readInstalled, readInstalled)
    table.on(Endpoints.putInstalled, putInstalled)
    table.on(Endpoints.readConfirmationState, readConfirmationState)
    table.on(Endpoints.readConfirmation, readConfirmation)
    table.on(Endpoints.confirmDeployment, confirmDeployment)
    table.on(Endpoints.activateAutoConfirm, activateAutoConfirm)
    table.on(Endpoints.deactivateAutoConfirm, deactivateAutoConfirm)
    table.on(Endpoints.listArtifacts, listArtifacts)
  }

  // MARK: Polls and attributes

  @Sendable func poll(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let poll = try await service.pollController(session)
    return try answer(DDIPollAnswer.bytes(poll, links(request, context, session)), to: request)
  }

  @Sendable func putConfigData(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let body = try await request.ddiBody(settings)
    guard case .object(let data)? = body["data"] else { throw APIError.malformed("data: an object is needed") }
    let mode: AttributeMode
    switch body["mode"] {
    case nil, .null?: mode = .merge
    case .string(let text)?:
      guard let known = AttributeMode(rawValue: text.lowercased()) else {
        throw APIError.malformed("mode: is none of merge, replace, remove")
      }
      mode = known
    default: throw APIError.malformed("mode: a text is needed")
    }
    let changes = try data.map { name, value -> (String, String?) in
      switch value {
      case .string(let text): (name, text)
      case .null: (name, nil)
      // Small devices print what they have.
      case .integer(let number): (name, String(number))
      case .number(let number): (name, String(number))
      case .bool(let value): (name, String(value))
      case .array, .object: throw APIError.malformed("data: \(name): a text is needed")
      }
    }
    try await service.changeAttributes(Dictionary(changes) { $1 }, mode, of: session)
    return Response(status: .ok)
  }

  // MARK: Deployments

  @Sendable func readDeployment(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let deployment = try await service.deployment(try context.actionID(), history: try history(request), of: session)
    return try answer(document(deployment, links(request, context, session)), to: request)
  }

  @Sendable func readInstalled(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let deployment = try await service.installedDeployment(
      try context.actionID(), history: try history(request), of: session)
    return try answer(document(deployment, links(request, context, session)), to: request)
  }

  @Sendable func reportDeployment(_ request: Request, _ context: APIContext) async throws -> Response {
    try await take(request, context) { try await service.reportDeployment($0, $1, of: $2) }
  }

  /// Gives what a device says of an action to whom it concerns.
  private func take(
    _ request: Request, _ context: APIContext, _ report: (Int64, DeviceReport, ControllerSession) async throws -> Void
  ) async throws -> Response {
    let session = try await service.session(request, context)
    try await report(try context.actionID(), try DeviceReport(try await request.ddiBody(settings)), session)
    return Response(status: .ok)
  }

  @Sendable func putInstalled(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let installed = try JSONText.decode(DDIInstalled.self, from: try await request.ddiBody(settings))
    let isNew = try await service.setInstalled(name: installed.name, version: installed.version, of: session)
    return Response(status: isNew ? .created : .ok)
  }

  private func document(_ deployment: Deployment, _ links: DDILinks) throws -> [UInt8] {
    try JSONText.encode(
      DDIDeployment(
        id: String(deployment.actionID), deployment: links.handling(deployment),
        actionHistory: deployment.history.map { DDIHistory(status: $0.status, messages: $0.messages) }))
  }

  // MARK: Cancellations

  @Sendable func readCancellation(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let id = try context.actionID()
    try await service.cancellation(id, of: session)
    return try answer(JSONText.encode(DDICancellation(id: String(id))), to: request)
  }

  @Sendable func reportCancellation(_ request: Request, _ context: APIContext) async throws -> Response {
    try await take(request, context) { try await service.reportCancellation($0, $1, of: $2) }
  }

  // MARK: Confirmations

  @Sendable func readConfirmationState(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let state = try await service.confirmationState(of: session)
    let links = links(request, context, session)
    let auto = state.autoConfirm
    let shape = DDIConfirmationState(
      autoConfirm: .init(
        active: auto != nil, initiator: auto?.initiator, remark: auto?.remark, activatedAt: auto?.activatedAt.milliseconds),
      links: .init(
        activateAutoConfirm: auto == nil ? DDILink(links.activateAutoConfirm) : nil,
        deactivateAutoConfirm: auto == nil ? nil : DDILink(links.deactivateAutoConfirm),
        confirmationBase: state.waiting.map { DDILink(links.confirmation($0.id, content: $0.content)) }))
    return try answer(JSONText.encode(shape), to: request)
  }

  @Sendable func readConfirmation(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let deployment = try await service.unconfirmedDeployment(
      try context.actionID(), history: try history(request), of: session)
    let shape = DDIConfirmation(
      id: String(deployment.actionID), confirmation: links(request, context, session).handling(deployment),
      actionHistory: deployment.history.map { DDIHistory(status: $0.status, messages: $0.messages) })
    return try answer(JSONText.encode(shape), to: request)
  }

  @Sendable func confirmDeployment(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let body = try await request.ddiBody(settings)
    guard case .string(let word)? = body["confirmation"], let answer = DDIConfirmationFeedback.Answer(rawValue: word) else {
      throw APIError.malformed("confirmation: is none of confirmed, denied")
    }
    try await service.confirmDeployment(
      try context.actionID(), isConfirmed: answer == .confirmed, code: body["code"]?.ddiNumber,
      details: body["details"]?.ddiTexts ?? [], of: session)
    return Response(status: .ok)
  }

  @Sendable func activateAutoConfirm(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let isEmpty = request.headers[.contentLength].map { $0 == "0" } ?? (request.headers[.transferEncoding] == nil)
    let asked = isEmpty ? nil : try JSONText.decode(DDIAutoConfirm.self, from: try await request.ddiBody(settings))
    try await service.activateAutoConfirm(initiator: asked?.initiator, remark: asked?.remark, of: session)
    return Response(status: .ok)
  }

  @Sendable func deactivateAutoConfirm(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    try await service.deactivateAutoConfirm(of: session)
    return Response(status: .ok)
  }

  // MARK: Artifacts

  @Sendable func listArtifacts(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let chunk = try await service.artifact(ofModule: try context.moduleID(), for: session)
    return try answer(JSONText.encode([links(request, context, session).artifact(chunk)]), to: request)
  }

  // MARK: Answers

  private func history(_ request: Request) throws -> Int { try request.number("actionHistory") ?? 0 }

  private func links(_ request: Request, _ context: APIContext, _ session: ControllerSession) -> DDILinks {
    DDILinks(
      origin: RequestOrigin.of(request, context, settings, publicURL: service.publicURL),
      tenant: (try? context.parameter("tenant")) ?? "DEFAULT", controllerID: session.controllerID)
  }

  /// 200, or 304 for one who has exactly this.
  private func answer(_ body: [UInt8], to request: Request) throws -> Response {
    let type = try request.headers.ddiAnswerType()
    let (status, headers) = Self.head(of: body, ifNoneMatch: request.joined(.ifNoneMatch))
    guard status == .ok else { return Response(status: status, headers: headers) }
    var all = headers
    all[.contentType] = type
    return .jsonBytes(body, headers: all)
  }

  static func head(of body: [UInt8], ifNoneMatch: String?) -> (HTTPResponse.Status, HTTPFields) {
    let body = TaggedBody(body)
    return (EntityTag.isKnown(body.tag, by: ifNoneMatch) ? .notModified : .ok, [.eTag: body.tag, .cacheControl: "no-cache"])
  }
}

extension FirmwareService {
  /// Lets in the device that a request is from: by the token in the request where there is one, else by the certificate of
  /// the connection.
  func session(_ request: Request, _ context: APIContext) async throws -> ControllerSession {
    let certified = context.connection?.certificateName
    return try await identifyController(
      try context.parameter("controllerId"), request.controllerCredentials ?? certified.map { .certificate(name: $0) },
      beside: certified)
  }
}

extension APIContext {
  /// The number of an action.
  /// - Throws: `APIError` (400) for what is none.
  func actionID() throws -> Int64 { try number(in: "actionId") }

  func moduleID() throws -> Int64 { try number(in: "moduleId") }

  private func number(in name: String) throws -> Int64 {
    guard let number = Int64(try parameter(name)) else { throw APIError.malformed("\(name): a number is needed") }
    return number
  }
}
