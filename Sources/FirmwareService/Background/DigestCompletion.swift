import Catalog
import Domain
import ImageStore
import Logging
public import ServiceLifecycle

extension FirmwareService {
  /// Images whose other digests are made before devices are told of them.
  private static let completedTogether = 50

  /// Makes the other digests of every image that has none: what was stored before they were kept. One image at a time. An image
  /// that is missing or damaged is left as it is.
  /// - Returns: how many images got theirs.
  @discardableResult
  func completeDigests() async throws -> Int {
    try await translatingErrors {
      var completed = 0
      var last: ImageDigest?
      while true {
        let found = try await catalog.imagesWithoutOtherDigests(after: last, limit: Self.completedTogether)
        guard let end = found.last else { return completed }
        last = end
        let before = completed
        for digest in found {
          if try await completeDigests(of: digest) { completed += 1 }
        }
        if completed > before { try await reloadReleases() }
      }
    }
  }

  private func completeDigests(of digest: ImageDigest) async throws -> Bool {
    do {
      guard let others = try await images.otherDigests(of: digest) else { return false }
      try await catalog.record(others, of: digest)
      return true
    } catch let error as ImageStoreError {
      log.warning("an image has no SHA-1 and MD5", metadata: ["digest": "\(digest)", "error": "\(error)"])
      return false
    }
  }
}

/// Sees to it at the start that no image is without its other digests, and again when a firmware was registered on one that is.
public struct DigestCompletion: Service {
  private let service: FirmwareService

  public init(service: FirmwareService) { self.service = service }

  public func run() async throws {
    guard ImageStore.canMakeOtherDigests else {
      service.log.warning("this computer's OpenSSL has no SHA-1 or no MD5: devices that ask for them get SHA-256 alone")
      return try await gracefulShutdown()
    }
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        if await complete() {
          await service.digestSignal.wait()
        } else {
          await service.digestSignal.wait(upTo: 60_000)
        }
      }
    }
  }

  /// - Returns: whether nothing is left to do.
  private func complete() async -> Bool {
    do {
      let images = try await service.completeDigests()
      if images > 0 { service.log.info("SHA-1 and MD5 of stored images made", metadata: ["images": "\(images)"]) }
      return true
    } catch is CancellationError {
      return true
    } catch {
      service.log.error(
        "SHA-1 and MD5 of stored images could not be made; tried again in a minute", metadata: ["error": "\(error)"])
      return false
    }
  }
}
