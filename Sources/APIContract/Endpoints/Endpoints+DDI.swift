/// The device side of hawkBit's Direct Device Integration, as SWUpdate, RAUC and Zephyr speak it.
extension Endpoints {
  private static let base = "/{tenant}/controller/v1/{controllerId}"
  private static let history = Endpoint.Query(
    name: "actionHistory", summary: "How many messages are told; a negative number for as many as may be", schema: .integer)
  private static let content = Endpoint.Query(
    name: "c", summary: "The number that stands in the link; it is not looked at", schema: .integer)

  public static let pollController = ofControllers(
    "pollController", .get, "", "What the device is to look at now, and when to ask again", .hal(DDIPoll.self),
    also: [304])
  public static let putConfigData = ofControllers(
    "putConfigData", .put, "/configData", "What the device says of itself", request: .body(DDIConfigData.self))
  public static let readDeployment = ofControllers(
    "readDeployment", .get, "/deploymentBase/{actionId}", "The update", query: [content, history],
    .hal(DDIDeployment.self), also: [304, 404])
  public static let reportDeployment = ofControllers(
    "reportDeployment", .post, "/deploymentBase/{actionId}/feedback", "How the update goes on, and how it ended",
    request: .body(DDIFeedback.self), also: [404, 410])
  public static let readCancellation = ofControllers(
    "readCancellation", .get, "/cancelAction/{actionId}", "Which update is to stop", .hal(DDICancellation.self),
    also: [304, 404])
  public static let reportCancellation = ofControllers(
    "reportCancellation", .post, "/cancelAction/{actionId}/feedback", "Whether it has stopped",
    request: .body(DDIFeedback.self), also: [404, 405])
  public static let readInstalled = ofControllers(
    "readInstalled", .get, "/installedBase/{actionId}", "The update that is installed", query: [history],
    .hal(DDIDeployment.self), also: [304, 404])
  public static let putInstalled = ofControllers(
    "putInstalled", .put, "/installedBase", "That a version was installed by another way",
    request: .body(DDIInstalled.self), also: [201, 404])
  public static let readConfirmationState = ofControllers(
    "readConfirmationState", .get, "/confirmationBase", "Whether the device agrees to updates by itself, and what waits",
    .hal(DDIConfirmationState.self), also: [304])
  public static let readConfirmation = ofControllers(
    "readConfirmation", .get, "/confirmationBase/{actionId}", "The update that waits for an agreement",
    query: [content, history], .hal(DDIConfirmation.self), also: [304, 404])
  public static let confirmDeployment = ofControllers(
    "confirmDeployment", .post, "/confirmationBase/{actionId}/feedback", "Agree to an update, or not",
    request: .body(DDIConfirmationFeedback.self), also: [404, 410])
  public static let activateAutoConfirm = ofControllers(
    "activateAutoConfirm", .post, "/confirmationBase/activateAutoConfirm", "Agree to every update from now on",
    request: .body(DDIAutoConfirm.self), also: [404, 409])
  public static let deactivateAutoConfirm = ofControllers(
    "deactivateAutoConfirm", .post, "/confirmationBase/deactivateAutoConfirm", "Agree to no update that was not asked for")
  public static let listArtifacts = ofControllers(
    "listArtifacts", .get, "/softwaremodules/{moduleId}/artifacts", "The files of a software module",
    .hal([DDIArtifact].self), also: [304, 404])
  public static let downloadArtifact = ofControllers(
    "downloadArtifact", .get, "/softwaremodules/{moduleId}/artifacts/{fileName}",
    "The file, whole or in ranges (RFC 9110); with `.MD5SUM` behind its name its MD5", file,
    also: [206, 304, 404, 412, 416, 503])

  static let ddi = [
    pollController, putConfigData, readDeployment, reportDeployment, readCancellation, reportCancellation, readInstalled,
    putInstalled, readConfirmationState, readConfirmation, confirmDeployment, activateAutoConfirm, deactivateAutoConfirm,
    listArtifacts, downloadArtifact,
  ]

  private static let file = {
    var file = Endpoint.Answer.bytes(200, "The file")
    file.otherType = "text/plain"
    return file
  }()

  /// - Parameter also: further statuses, most of them without a body.
  private static func ofControllers(
    _ id: String, _ method: Endpoint.Method, _ path: String, _ summary: String, query: [Endpoint.Query] = [],
    request: Endpoint.Answer? = nil, _ answer: Endpoint.Answer = .empty(200, "Done"), also: [Int] = []
  ) -> Endpoint {
    let statuses = Set(also + [400, 401, 406, 429] + (request == nil ? [] : [413, 415])).sorted()
    return Endpoint(
      id: id, method: method, template: base + path, access: .controllers, summary: summary, query: query, request: request,
      answers: [answer] + statuses.map(refusal))
  }

  private static func refusal(_ status: Int) -> Endpoint.Answer {
    switch status {
    case 201: .empty(201, "Done; it was news")
    case 206: .bytes(206, "The ranges asked for")
    case 304: .empty(304, "As before")
    case 401: .empty(401, "No valid token, or not for this controller")
    case 404: .empty(404, "There is no such thing for this controller")
    case 410: .empty(410, "The action has ended")
    case 412: .empty(412, "Another file")
    case 416: .empty(416, "No such range; Content-Range has the size")
    default: .json(status, DDIError.self, "What is wrong")
    }
  }
}

extension Endpoint.Answer {
  /// JSON that is HAL by name, and plain where that alone is accepted.
  fileprivate static func hal<Shape: Decodable & Sendable>(_ shape: Shape.Type) -> Self {
    var answer = json(200, shape)
    answer.otherType = "application/hal+json"
    return answer
  }
}
