import APIContract
import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// `GET|HEAD /v2/things/T/firmwares/download/ID` and `…/manifest/ID`. Exact HTTP (RFC 9110 sections 8, 13 and 14), because
/// silent corruption here bricks devices: Content-Length always, one strong entity tag, no transformation ever.
struct DownloadRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.onHeadToo(Endpoints.downloadFirmware, download)
    table.on(Endpoints.downloadManifest, manifest)
  }

  @Sendable func manifest(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    return .jsonBytes(try await service.firmwareManifest(try context.parameter("firmware"), for: thing))
  }

  @Sendable func download(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    return Self.answer(try await service.downloadFirmware(try context.parameter("firmware"), by: thing), to: request, settings)
  }

  /// The bytes of an image that a request asks for, whichever door it came in by.
  static func answer(_ download: FirmwareDownload, to request: Request, _ settings: APISettings) -> Response {
    answer(download, DownloadPlan(download.firmware, request.method, request.headers, mostRanges: settings.mostRanges))
  }

  /// The same of what was planned.
  static func answer(_ download: FirmwareDownload, _ plan: DownloadPlan) -> Response {
    guard let length = plan.length, !plan.pieces.isEmpty else {
      return Response(status: plan.status, headers: plan.headers)
    }
    download.begin()
    let body = ResponseBody(contentLength: Int(length)) { writer in
      var sent: [Range<Int64>] = []
      for piece in plan.pieces {
        switch piece {
        case .text(let text): try await writer.write(ByteBuffer(string: text))
        case .bytes(let range): sent += try await send(range, of: download, to: &writer)
        }
      }
      try await writer.finish(nil)
      for range in sent { download.sent(range) }
    }
    return Response(status: plan.status, headers: plan.headers, body: body)
  }

  /// Sends the bytes of a range piece by piece, the next when the connection takes more. What is written before the end counts
  /// as sent at once, so that a broken connection is accounted for up to where it broke.
  /// - Returns: what is sent but not yet accounted for.
  private static func send(
    _ range: Range<Int64>, of download: FirmwareDownload, to writer: inout any ResponseBodyWriter
  ) async throws -> [Range<Int64>] {
    var start = range.lowerBound
    while start < range.upperBound {
      let piece = start..<min(start + FirmwareDownload.pieceSize, range.upperBound)
      try await writer.write(try await download.read(piece))
      if piece.upperBound == range.upperBound { return [piece] }
      download.sent(piece)
      start = piece.upperBound
    }
    return []
  }
}

/// What a request for an image is answered: the head, and which bytes follow.
struct DownloadPlan: Sendable {
  private(set) var status = HTTPResponse.Status.ok
  private(set) var headers: HTTPFields
  /// Empty for an answer without a body.
  private(set) var pieces: [MultipartByteRanges.Piece] = []
  /// Of the pieces, in bytes; also said to HEAD, which gets none. Nil where there is nothing to say.
  private(set) var length: Int64?

  private static let contentType = "application/octet-stream"

  /// - Parameter mostRanges: with more in one request, the whole image is sent.
  init(_ firmware: Firmware, _ method: HTTPRequest.Method, _ asked: HTTPFields, mostRanges: Int) {
    headers = Self.fixedHeaders(of: firmware)
    let validators = Preconditions.Validators(entityTag: "\"\(firmware.digest)\"", lastModified: firmware.registeredAt)
    let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    switch Preconditions(asked).evaluate(against: validators, now: now) {
    case .notModified: status = .notModified
    case .preconditionFailed: status = .preconditionFailed
    case .proceed(let honoursRange):
      // Range is defined for GET alone (RFC 9110 section 14.2).
      let lines = honoursRange && method == .get ? asked[values: .range] : []
      let size = firmware.size
      send(lines.isEmpty ? .whole : RangeRequest.parse(lines: lines, size: size, maximumRanges: mostRanges), of: size)
      if method == .head { pieces = [] }
    }
  }

  private mutating func send(_ range: RangeRequest, of size: Int64) {
    switch range {
    case .whole: send([.bytes(0..<size)], length: size)
    case .unsatisfiable:
      status = .rangeNotSatisfiable
      headers[.contentRange] = "bytes */\(size)"
    case .ranges(let ranges) where ranges.count == 1:
      let range = ranges[0]
      status = .partialContent
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
      send([.bytes(range)], length: Int64(range.count))
    case .ranges(let ranges):
      let parts = MultipartByteRanges(ranges: ranges, size: size, partType: Self.contentType)
      status = .partialContent
      headers[.contentType] = parts.contentType
      send(parts.pieces, length: parts.contentLength)
    }
  }

  private mutating func send(_ pieces: [MultipartByteRanges.Piece], length: Int64) {
    self.pieces = pieces
    self.length = length
    headers[.contentLength] = String(length)
  }

  /// What every answer says of the image.
  static func fixedHeaders(of firmware: Firmware) -> HTTPFields {
    return [
      .contentType: contentType, .acceptRanges: "bytes", .eTag: "\"\(firmware.digest)\"",
      .reprDigest: "sha-256=:\(Data(firmware.digest.bytes).base64EncodedString()):",
      .lastModified: HTTPDate.format(firmware.registeredAt), .cacheControl: "no-transform",
      .contentDisposition: "attachment; filename=\"\(firmware.fileName)\"",
    ]
  }
}

extension Preconditions {
  init(_ asked: HTTPFields) {
    self.init(
      ifMatch: asked.joined(.ifMatch), ifNoneMatch: asked.joined(.ifNoneMatch), ifModifiedSince: asked[.ifModifiedSince],
      ifUnmodifiedSince: asked[.ifUnmodifiedSince], ifRange: asked[.ifRange])
  }
}
