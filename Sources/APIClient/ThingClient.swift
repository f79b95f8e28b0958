public import APIContract
import AsyncHTTPClient
public import Domain
import Foundation
public import NIOCore
import NIOHTTP1

/// The thing-side API as a thing uses it. Errors are `APIClientError` with the status and message that the server gave.
public struct ThingClient: Sendable {
  public let connection: ServerConnection

  public init(_ connection: ServerConnection) { self.connection = connection }

  /// - Returns: the thing's token.
  public func activate(code: String) async throws -> String {
    var request = connection.request(Endpoints.activateThing, Endpoints.activateThing.path())
    try request.setJSON(ActivationRequest(activationCode: code))
    let answer: ActivationShape = try await connection.call(request)
    return answer.thingToken
  }

  /// What a poll was answered with.
  public enum Poll: Sendable {
    /// 304: as when the entity tag was given.
    case unchanged
    /// - Parameter retryAfter: seconds after which the server wants to be asked again; nil where it does not say.
    case firmwares([LatestFirmware], etag: String?, retryAfter: Int64?)
  }

  /// - Parameters:
  ///   - mcu: the MCU that `version` speaks of.
  ///   - version: what runs now; this is how a thing confirms after its reboot.
  ///   - boot: any text that changes with each boot.
  ///   - etag: of the answer that the thing has, so that the same answer is not sent again.
  public func latest(
    token: String, mcu: String? = nil, version: String? = nil, boot: String? = nil, etag: String? = nil
  ) async throws -> Poll {
    var request = connection.request(
      Endpoints.latestFirmwares, Endpoints.latestFirmwares.path(token),
      query: [("mcu", mcu), ("version", version), ("boot", boot)])
    if let etag { request.headers.add(name: "If-None-Match", value: etag) }
    let response = try await connection.send(request, within: connection.limits.call)
    let body = try await connection.body(of: response)
    if response.status.code == 304 { return .unchanged }
    guard response.status.code == 200 else { throw connection.refusal(response, body) }
    let answer: LatestFirmwares = try connection.decode(body, of: response)
    return .firmwares(
      answer.firmwares, etag: response.headers.first(name: "ETag"), retryAfter: answer.retryAfter)
  }

  /// The signed manifest of a firmware.
  public func manifest(token: String, firmware: String) async throws -> EnvelopeShape {
    try await connection.call(
      connection.request(Endpoints.downloadManifest, Endpoints.downloadManifest.path(token, firmware)))
  }

  /// Writes resources.
  public func write(token: String, _ values: ResourceWrite) async throws {
    var request = connection.request(Endpoints.writeResources, Endpoints.writeResources.path(token))
    try request.setJSON(values)
    let _: CreatedShape = try await connection.call(request)
  }

  /// Reports what happened to an update, in `$firmware`. Without a status, `version` is what runs.
  public func report(
    token: String, mcu: String, version: String, status: ReportedStatus? = nil, message: String? = nil, code: String? = nil,
    boot: String? = nil
  ) async throws {
    var value: [String: JSONValue] = ["mcu": .string(mcu), "version": .string(version)]
    value["status"] = status.map { .string($0.rawValue) }
    value["message"] = message.map(JSONValue.string)
    value["code"] = code.map(JSONValue.string)
    value["boot"] = boot.map(JSONValue.string)
    try await write(
      token: token, ResourceWrite(values: [ResourceWriteValue(key: "$firmware", value: .object(value))]))
  }
}

extension ThingClient {
  /// What came before the bytes of a download.
  public struct DownloadHead: Sendable {
    /// 200 or 206.
    public let status: Int
    public let etag: String?
    /// `bytes FIRST-LAST/SIZE` of a 206.
    public let contentRange: String?
    public let contentLength: Int64?
    public let reprDigest: String?
  }

  /// Downloads an image or one range of it, chunk by chunk.
  /// - Parameters:
  ///   - range: the bytes wanted, first to last; nil for the whole.
  ///   - etag: sent as `If-Range`, so that a changed image comes whole.
  ///   - receive: called with each chunk in order; what it throws ends the download.
  public func download(
    token: String, firmware: String, range: ClosedRange<Int64>? = nil, etag: String? = nil,
    receive: (ByteBuffer) async throws -> Void
  ) async throws -> DownloadHead {
    var request = connection.request(Endpoints.downloadFirmware, Endpoints.downloadFirmware.path(token, firmware))
    if let range { request.headers.add(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound)") }
    if range != nil, let etag { request.headers.add(name: "If-Range", value: etag) }
    let response = try await connection.send(request, within: nil)
    guard response.status.code == 200 || response.status.code == 206 else {
      throw connection.refusal(response, try await connection.body(of: response))
    }
    var chunks = response.body.makeAsyncIterator()
    while let chunk = try await connection.naming({ try await chunks.next() }) { try await receive(chunk) }
    return DownloadHead(
      status: Int(response.status.code), etag: response.headers.first(name: "ETag"),
      contentRange: response.headers.first(name: "Content-Range"),
      contentLength: response.headers.first(name: "Content-Length").flatMap { Int64($0) },
      reprDigest: response.headers.first(name: "Repr-Digest"))
  }
}
