import APIClient
import APIContract
import Cryptography
import Domain

/// The story of one upload: the bytes, then a manifest signed here, then its registration. Each step is safe to repeat.
struct SignedUpload: Sendable {
  /// How often a manifest is signed anew because another one took its sequence meanwhile.
  static let signings = 4

  let client: OperatorClient
  let signing: ManifestSigning
  /// Given by the engineer, or nil: the larger of the Unix time and one more than the newest.
  let sequence: Int64?

  private var model: String { signing.model }
  private var mcu: String { signing.mcu }

  /// What can be known to fail before a byte is sent.
  func check() async throws {
    let version = try signing.checkedVersion
    let known = try await client.model(model)
    guard known.mcus.contains(where: { $0.name == mcu }) else {
      let mcus = known.mcus.map(\.name).joined(separator: ", ")
      throw CommandFailure("model \(model) has no MCU \(mcu): it has \(mcus)")
    }
    guard !known.numericVersions || version.isWholeNumber else {
      throw CommandFailure("model \(model) takes only whole numbers as versions, not \(version)")
    }
    let id = try signing.key.publicKey.id
    let trusted = try await client.keys(model: model).keys.first { $0.id == id }
    guard let trusted else {
      throw CommandFailure("model \(model) does not trust key \(id): firmament model trust \(model) KEY.pub.pem")
    }
    guard trusted.revokedAt == nil else {
      throw CommandFailure("key \(id) is revoked for model \(model): sign with another key")
    }
  }

  /// Sends what the server does not have yet, with progress on standard error.
  func send(_ image: ImageFile) async throws {
    let progress = TransferProgress("Uploading \(image.name)", total: image.size)
    let upload = ImageTransfer(client, file: image.path, digest: image.digest, size: image.size)
    let outcome = try await upload.run(
      progress: progress.update,
      waiting: { error, seconds in
        let reason = error.code == .refused ? error.detail : "the connection was lost"
        progress.note("Waiting \(ProgressLine.clock(seconds)) before going on: \(reason)")
      })
    switch outcome {
    case .sent:
      progress.update(image.size)
      progress.finish()
    case .alreadyStored: progress.note("The server has the bytes of \(image.name) already.")
    }
  }

  /// Signs the manifest and registers it.
  func register(_ image: ImageFile, publish: Bool) async throws -> FirmwareShape {
    var attempt = 1
    while true {
      let next = try await nextSequence()
      do {
        return try await client.registerFirmware(try signing.sign(image, sequence: next), publish: publish)
      } catch let error as APIClientError where error.status == 409 && sequence == nil && attempt < Self.signings {
        // Another upload for the same MCU may have been registered since: then a larger sequence is all it takes.
        guard try await newestSequence() >= next else { throw error }
        attempt += 1
      }
    }
  }

  private func nextSequence() async throws -> Int64 {
    if let sequence { return sequence }
    return max(ManifestSigning.usualSequence, try await newestSequence() + 1)
  }

  private func newestSequence() async throws -> Int64 {
    try await client.model(model).mcus.first { $0.name == mcu }?.newestSequence ?? 0
  }
}
