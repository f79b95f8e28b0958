public import APIContract
import AsyncHTTPClient
public import Domain
import NIOCore
import NIOHTTP1

extension OperatorClient {
  /// What the server has of an image.
  public enum ImageProbe: Sendable, Hashable {
    case stored(size: Int64?)
    /// The number of bytes that a next upload may continue from.
    case missing(arrived: Int64)
  }

  public func probeImage(_ digest: ImageDigest) async throws -> ImageProbe {
    let request = request(Endpoints.probeImage, Endpoints.probeImage.path(digest.description))
    let response = try await connection.send(request, within: connection.limits.call)
    let body = try await connection.body(of: response)
    switch response.status.code {
    case 200: return .stored(size: response.headers.first(name: "Content-Length").flatMap { Int64($0) })
    case 404:
      guard let offset = response.headers.first(name: "Upload-Offset").flatMap({ Int64($0) }), offset >= 0 else {
        throw APIClientError(
          .unexpectedAnswer, "\(connection.address) does not know image uploads: is it a Firmament server?", status: 404)
      }
      return .missing(arrived: offset)
    default: throw connection.refusal(response, body)
    }
  }

  /// Sends the bytes of a file from an offset on, once. `ImageTransfer` is the way that survives a cut connection.
  /// - Parameter progress: called with the position in the file, from any thread.
  public func storeImage(
    _ digest: ImageDigest, file path: String, from offset: Int64, size: Int64, progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> ImageShape {
    var request = request(Endpoints.storeImage, Endpoints.storeImage.path(digest.description))
    request.headers.add(name: "Content-Type", value: "application/octet-stream")
    if offset > 0 {
      let rest = offset < size ? "\(offset)-\(size - 1)" : "*"
      request.headers.add(name: "Content-Range", value: "bytes \(rest)/\(size)")
    }
    request.body = .stream(
      FileChunks(path: path, offset: offset, size: size, progress: progress), length: .known(size - offset))
    let response = try await connection.send(request, within: nil)
    let body = try await connection.body(of: response)
    guard (200..<300).contains(response.status.code) else { throw connection.refusal(response, body) }
    progress(size)
    return try connection.decode(body, of: response)
  }
}
