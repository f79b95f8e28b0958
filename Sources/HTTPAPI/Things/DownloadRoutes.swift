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
    let download = try await service.downloadFirmware(try context.parameter("firmware"), by: thing)
    let firmware = download.firmware
    let headers = Self.headers(of: firmware)
    let validators = Preconditions.Validators(entityTag: "\"\(firmware.digest)\"", lastModified: firmware.registeredAt)
    let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    switch request.preconditions.evaluate(against: validators, now: now) {
    case .notModified: return Response(status: .notModified, headers: headers)
    case .preconditionFailed: return Response(status: .preconditionFailed, headers: headers)
    case .proceed(let honoursRange):
      // Range is defined for GET alone (RFC 9110 section 14.2).
      let lines = honoursRange && request.method == .get ? request.headers[values: .range] : []
      let range =
        lines.isEmpty ? .whole : RangeRequest.parse(lines: lines, size: firmware.size, maximumRanges: settings.mostRanges)
      return answer(range, download, headers, isHead: request.method == .head)
    }
  }

  private func answer(_ range: RangeRequest, _ download: FirmwareDownload, _ headers: HTTPFields, isHead: Bool) -> Response {
    let size = download.firmware.size
    var headers = headers
    switch range {
    case .whole:
      return Self.response(.ok, [.bytes(0..<size)], length: size, download, headers, isHead)
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(size)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    case .ranges(let ranges) where ranges.count == 1:
      let range = ranges[0]
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
      return Self.response(.partialContent, [.bytes(range)], length: Int64(range.count), download, headers, isHead)
    case .ranges(let ranges):
      let parts = MultipartByteRanges(ranges: ranges, size: size, partType: Self.contentType)
      headers[.contentType] = parts.contentType
      return Self.response(.partialContent, parts.pieces, length: parts.contentLength, download, headers, isHead)
    }
  }

  private static let contentType = "application/octet-stream"

  private static func headers(of firmware: Firmware) -> HTTPFields {
    let name = "\(firmware.model)-\(firmware.mcu)-\(firmware.version).bin".utf8.map { byte in
      Base64URL.isCharacter(byte) || byte == UInt8(ascii: ".") ? byte : UInt8(ascii: "-")
    }
    return [
      .contentType: contentType, .acceptRanges: "bytes", .eTag: "\"\(firmware.digest)\"",
      .reprDigest: "sha-256=:\(Data(firmware.digest.bytes).base64EncodedString()):",
      .lastModified: HTTPDate.format(firmware.registeredAt), .cacheControl: "no-transform",
      .contentDisposition: "attachment; filename=\"\(String(decoding: name, as: UTF8.self))\"",
    ]
  }

  private static func response(
    _ status: HTTPResponse.Status, _ pieces: [MultipartByteRanges.Piece], length: Int64, _ download: FirmwareDownload,
    _ headers: HTTPFields, _ isHead: Bool
  ) -> Response {
    var headers = headers
    headers[.contentLength] = String(length)
    guard !isHead else { return Response(status: status, headers: headers) }
    download.begin()
    let body = ResponseBody(contentLength: Int(length)) { writer in
      var sent: [Range<Int64>] = []
      for piece in pieces {
        switch piece {
        case .text(let text): try await writer.write(ByteBuffer(string: text))
        case .bytes(let range): sent += try await send(range, of: download, to: &writer)
        }
      }
      try await writer.finish(nil)
      for range in sent { download.sent(range) }
    }
    return Response(status: status, headers: headers, body: body)
  }

  /// Sends the bytes of a range: as one slice from memory, else piece by piece from the disk. What is written before the end
  /// counts as sent at once, so that a broken connection is accounted for up to where it broke.
  /// - Returns: what is sent but not yet accounted for.
  private static func send(
    _ range: Range<Int64>, of download: FirmwareDownload, to writer: inout any ResponseBodyWriter
  ) async throws -> [Range<Int64>] {
    if let slice = download.slice(range) {
      try await writer.write(slice)
      return [range]
    }
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

extension Request {
  var preconditions: Preconditions {
    Preconditions(
      ifMatch: joined(.ifMatch), ifNoneMatch: joined(.ifNoneMatch), ifModifiedSince: headers[.ifModifiedSince],
      ifUnmodifiedSince: headers[.ifUnmodifiedSince], ifRange: headers[.ifRange])
  }
}
