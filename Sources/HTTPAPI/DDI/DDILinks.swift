import APIContract
import Domain
import FirmwareService

/// The addresses at which one device finds everything: absolute, as its clients need them.
struct DDILinks {
  /// The device's own path, with the origin that it asked.
  private let base: String

  /// - Parameters:
  ///   - origin: without a slash at the end.
  ///   - tenant: as the device wrote it; any name leads to the same, and device code looks for the default's in capitals.
  init(origin: String, tenant: String, controllerID: String) {
    let tenant = tenant.lowercased() == "default" ? "DEFAULT" : tenant
    base = origin + Endpoints.pollController.path(tenant, controllerID)
  }

  func deployment(_ id: Int64, content: Int32) -> String { "\(base)/deploymentBase/\(id)?c=\(content)" }
  func confirmation(_ id: Int64, content: Int32) -> String { "\(base)/confirmationBase/\(id)?c=\(content)" }
  func cancellation(_ id: Int64) -> String { "\(base)/cancelAction/\(id)" }
  func installed(_ id: Int64) -> String { "\(base)/installedBase/\(id)" }
  var configData: String { "\(base)/configData" }
  var activateAutoConfirm: String { "\(base)/confirmationBase/activateAutoConfirm" }
  var deactivateAutoConfirm: String { "\(base)/confirmationBase/deactivateAutoConfirm" }

  func artifact(_ chunk: DeploymentChunk) -> DDIArtifact {
    let firmware = chunk.firmware
    let file = "\(base)/softwaremodules/\(firmware.id)/artifacts/\(Endpoint.encode(chunk.fileName))"
    return DDIArtifact(
      filename: chunk.fileName,
      hashes: .init(sha1: firmware.otherDigests?.sha1, md5: firmware.otherDigests?.md5, sha256: firmware.digest.hex),
      size: firmware.size, links: .init(download: file, md5sum: "\(file).MD5SUM"))
  }

  func handling(_ deployment: Deployment) -> DDIHandling {
    DDIHandling(
      download: deployment.words.download.rawValue, update: deployment.words.update.rawValue,
      maintenanceWindow: deployment.words.isWindowOpen.map { $0 ? "available" : "unavailable" },
      chunks: deployment.chunks.map { chunk in
        .init(part: chunk.mcu.part, version: chunk.firmware.version.text, name: chunk.name, artifacts: [artifact(chunk)])
      })
  }
}

/// The answer to a poll of the DDI door, written by hand: there are as many as all others together.
struct DDIPollAnswer {
  /// Device code reads exactly eight characters.
  static func sleep(_ seconds: Int64) -> String {
    let seconds = min(max(seconds, 1), 86_399)
    return [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }

  static func bytes(_ poll: ControllerPoll, _ links: DDILinks) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(512)
    body += "{\"config\":{\"polling\":{\"sleep\":\"\(sleep(poll.sleep))\"}}".utf8
    var named: [(String, String)] = []
    switch poll.link {
    case .deployment(let id, let content)?: named.append(("deploymentBase", links.deployment(id, content: content)))
    case .confirmation(let id, let content)?: named.append(("confirmationBase", links.confirmation(id, content: content)))
    case .cancel(let id)?: named.append(("cancelAction", links.cancellation(id)))
    case nil: break
    }
    if let installed = poll.installed { named.append(("installedBase", links.installed(installed))) }
    if poll.asksAttributes { named.append(("configData", links.configData)) }
    if !named.isEmpty {
      body += ",\"_links\":{".utf8
      for (index, link) in named.enumerated() {
        if index > 0 { body.append(UInt8(ascii: ",")) }
        body += "\"\(link.0)\":{\"href\":".utf8
        body += JSONText.quoted(link.1).utf8
        body.append(UInt8(ascii: "}"))
      }
      body.append(UInt8(ascii: "}"))
    }
    body.append(UInt8(ascii: "}"))
    return body
  }
}
