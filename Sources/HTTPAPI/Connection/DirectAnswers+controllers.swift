import APIContract
import Domain
import FirmwareService
import HTTPTypes
import NIOCore

/// Polls of the DDI door, answered on the event loop.
extension DirectAnswers {
  /// Where a device polls, of characters that stand for themselves.
  struct ControllerPath: Sendable {
    let tenant: String
    let controllerID: String
    /// Whether the device asks over TLS.
    let isSecure: Bool
  }

  /// What stands between the tenant and the name of the device.
  private static let controller = Array(Endpoints.pollController.literalPieces[1].utf8)

  func claimController(_ head: HTTPRequest, _ path: String.UTF8View, _ secure: SecureConnection?) -> Claim? {
    guard head.method == .get, path.first == UInt8(ascii: "/"),
      case let tenant = path.dropFirst().prefix(while: Self.isPlain), !tenant.isEmpty,
      case let rest = path[tenant.endIndex...], rest.starts(with: Self.controller),
      case let id = rest.dropFirst(Self.controller.count), !id.isEmpty, id.allSatisfy(Self.isPlain),
      case let shown = head.headerFields[values: .authorization], shown.count <= 1,
      let credentials = Self.credentials(shown.first, ofController: String(Substring(id)), secure)
    else { return nil }
    let path = ControllerPath(
      tenant: String(Substring(tenant)), controllerID: String(Substring(id)), isSecure: secure != nil)
    return .controllerPoll(path, credentials)
  }

  /// What the device shows: one token, or a certificate of its name alone. A certificate of another name beside a token is for
  /// the router to look at.
  static func credentials(
    _ authorization: String?, ofController id: String, _ secure: SecureConnection?
  ) -> ControllerCredentials? {
    let certified = secure?.certificateName
    guard certified == nil || certified == id else { return nil }
    if let authorization { return ControllerCredentials(authorization: authorization) }
    return certified.map { .certificate(name: $0) }
  }

  /// The answer to a poll; nil where the router has to be asked.
  func answerPoll(of path: ControllerPath, _ credentials: ControllerCredentials, _ head: HTTPRequest) -> Answer? {
    let start = ContinuousClock.now
    guard let origin = origin(ofHost: head.authority ?? head.headerFields[.host], isSecure: path.isSecure),
      let type = try? head.headerFields.ddiAnswerType(),
      let poll = service.pollController(path.controllerID, credentials)?.poll
    else { return nil }
    let links = DDILinks(origin: origin, tenant: path.tenant, controllerID: path.controllerID)
    let body = DDIPollAnswer.bytes(poll, links)
    var (status, headers) = DDIRoutes.head(of: body, ifNoneMatch: head.headerFields.joined(.ifNoneMatch))
    if status == .ok { headers[.contentType] = type }
    figures.count(status, after: ContinuousClock.now - start)
    return Self.answer(status, headers, status == .ok ? ByteBuffer(bytes: body) : ByteBuffer())
  }

  /// What links begin with; nil where it takes more than the host that was asked for to tell.
  func origin(ofHost host: String?, isSecure: Bool) -> String? {
    if let url = service.publicURL { return RequestOrigin.configured(url) }
    guard settings.trustedProxies.isEmpty else { return nil }
    let asked = RequestOrigin.Asked(host: host, headers: [:], isByProxy: false, at: nil, isSecure: isSecure)
    return asked.authority == nil ? nil : asked.origin + settings.publicPath
  }
}
