import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird
import NIOCore

/// Image bytes on their way in.
struct ImageRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.probeImage, probe)
    table.on(Endpoints.storeImage, store)
  }

  @Sendable func probe(_ request: Request, _ context: APIContext) async throws -> Response {
    switch try await service.storedBytes(of: try digest(context)) {
    case .whole(let size):
      return Response(status: .ok, headers: [.contentType: "application/octet-stream", .contentLength: String(size)])
    case .partial(let received):
      return Response(status: .notFound, headers: [.uploadOffset: String(received)])
    }
  }

  @Sendable func store(_ request: Request, _ context: APIContext) async throws -> Response {
    let digest = try digest(context)
    let range = try request.headers[.contentRange].map { try UploadRange($0) }
    let announced = request.headers[.contentLength].flatMap(Int64.init)
    guard max(range?.size ?? 0, announced ?? 0) <= settings.largestImage else {
      throw APIError(
        status: .contentTooLarge, code: "image-too-large", message: "an image may have \(settings.largestImage) bytes at most")
    }
    if let range, let announced, announced != range.size - range.first {
      throw APIError.malformed("Content-Range: does not fit Content-Length")
    }
    let (size, isNew) = try await service.storeImage(digest, continuingAt: range?.first ?? 0, by: context.operatorName) {
      image in
      for try await piece in request.body { try await image.append(piece) }
    }
    return try .json(ImageShape(digest: digest.description, size: size), status: isNew ? .created : .ok)
  }

  private func digest(_ context: APIContext) throws -> ImageDigest {
    guard let digest = ImageDigest(try context.parameter("digest")) else {
      throw APIError.malformed("digest: sha256: and 64 lower-case hexadecimal digits are needed")
    }
    return digest
  }
}

/// The `Content-Range` of an upload that goes on where an earlier one stopped (RFC 9110 section 14.4): from some byte to the
/// end, or `*` when every byte has arrived and only the end is missing.
struct UploadRange: Equatable {
  let first: Int64
  let size: Int64

  /// - Throws: `APIError` (400).
  init(_ header: String) throws {
    let refusal = APIError.malformed("Content-Range: bytes FIRST-LAST/SIZE to the end of the image is needed")
    let words = header.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { throw refusal }
    let halves = words[1].split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let size = Int64(halves[1]), size > 0 else { throw refusal }
    guard halves[0] != "*" else {
      first = size
      self.size = size
      return
    }
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), first >= 0, first <= last, last == size - 1
    else { throw refusal }
    self.first = first
    self.size = size
  }
}
