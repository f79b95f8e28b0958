import APIContract
import Domain
public import FirmwareService
import HTTPTypes
import NIOCore

/// Requests that are answered on the event loop, without the framework, since there are so many of them: writes of values by
/// things. It claims only what it understands completely, by the verb that the route calls, and answers only what succeeds:
/// for everything else the router is asked, as if nobody had looked at the request before.
public struct DirectAnswers: Sendable {
  /// The longest body that is read on an event loop, in bytes: others wait behind it.
  static let longestBody = 4096

  private static let path = Array("/v2/things/".utf8)
  private static let created = ByteBuffer(bytes: ResourceRoutes.created)

  private let service: FirmwareService
  private let settings: APISettings
  private let figures = RequestFigures()

  public init(service: FirmwareService, settings: APISettings) {
    self.service = service
    self.settings = settings
  }

  /// The token by which a thing writes with this request; nil for a request that is not claimed.
  func claim(_ head: HTTPRequest) -> ThingToken? {
    guard head.method == .post, let path = head.path?.utf8, path.starts(with: Self.path) else { return nil }
    // Pages of other origins get more of an answer, and forms are another language.
    guard head.headerFields[.origin] == nil else { return nil }
    return ThingToken(Substring(path.dropFirst(Self.path.count)))
  }

  /// Writes what the body says.
  /// - Parameter done: told whether it is durable, on another thread.
  /// - Returns: false where the router has to be asked at once.
  func write(_ body: ByteBuffer, by token: ThingToken, done: @escaping @Sendable (Bool) -> Void) -> Bool {
    let start = ContinuousClock.now
    return service.writeResources(ofThingBy: token) {
      records(in: Array(body.readableBytesView))
    } done: { [figures] isDurable in
      if isDurable { figures.count(.created, after: ContinuousClock.now - start) }
      done(isDurable)
    }
  }

  /// What a body says; nil for what is not plainly right.
  private func records(in body: [UInt8]) -> [ResourceRecord]? {
    guard body.first == UInt8(ascii: "{"),
      let written = try? JSONText.decode(ResourceWrite.self, from: body, deepest: settings.deepestJSON)
    else { return nil }
    return try? written.values.map { try ResourceRecord($0) }
  }

  /// The answer to a write that is durable.
  func created() -> (head: HTTPResponse, body: ByteBuffer) {
    let headers: HTTPFields = [
      .contentType: "application/json", .contentLength: String(Self.created.readableBytes), .date: HTTPDate.now(),
    ]
    return (HTTPResponse(status: .created, headerFields: headers), Self.created)
  }
}
