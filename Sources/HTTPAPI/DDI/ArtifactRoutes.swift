import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// The files of the DDI door: the same bytes, ranges and conditions as every other download.
struct ArtifactRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) { table.onHeadToo(Endpoints.downloadArtifact, download) }

  @Sendable func download(_ request: Request, _ context: APIContext) async throws -> Response {
    let session = try await service.session(request, context)
    let module = try context.moduleID()
    let fileName = try context.parameter("fileName")
    if fileName.hasSuffix(Self.checksumSuffix) {
      return try await checksum(String(fileName.dropLast(Self.checksumSuffix.count)), module, session)
    }
    let download = try await service.downloadArtifact(fileName, ofModule: module, for: session)
    var asked = request.headers
    // Older clients send the tag without its quotation marks.
    if let tag = asked[.ifMatch], tag == download.firmware.digest.description { asked[.ifMatch] = "\"\(tag)\"" }
    var response = DownloadRoutes.answer(
      download, DownloadPlan(download.firmware, request.method, asked, mostRanges: settings.mostRanges))
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }

  private static let checksumSuffix = ".MD5SUM"

  /// A line as `md5sum` writes it.
  private func checksum(_ fileName: String, _ module: Int64, _ session: ControllerSession) async throws -> Response {
    let chunk = try await service.artifact(ofModule: module, for: session)
    guard chunk.fileName == fileName, let md5 = chunk.firmware.otherDigests?.md5 else {
      throw ServiceError(.unknownFirmware, "there is no such artifact for this controller")
    }
    var response = Response.text("\(md5)  \(fileName)", type: "text/plain")
    response.headers[.contentDisposition] = "attachment;filename=\(fileName)\(Self.checksumSuffix)"
    return response
  }
}
