import Cryptography
import Domain
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ImageStore

@Suite("SHA-1 and MD5 of an image") struct OtherDigestsTests {
  private struct CutOff: Error {}

  /// What `sha1sum` and `md5sum` say of a stored image.
  private func programs(_ digest: ImageDigest, _ test: TestStore) throws -> OtherDigests {
    OtherDigests(
      sha1: try DigestProgram.sha1sum.digest(ofFile: test.path(digest)),
      md5: try DigestProgram.md5sum.digest(ofFile: test.path(digest)))
  }

  @Test(arguments: [1, 100, 512 * 1024, 512 * 1024 + 1, 3_000_000])
  func `are made as it lands, and again from the disk, as sha1sum and md5sum make them`(size: Int) async throws {
    let test = try TestStore()
    let bytes = sampleBytes(size)
    let digest = ImageDigest(of: bytes)
    let landed = try await test.store.receive(digest) { try await $0.append(bytes, piece: 65_536) }
    let wanted = try programs(digest, test)
    #expect(landed == LandedImage(size: Int64(size), otherDigests: wanted))
    let again = try await test.store.otherDigests(of: digest)
    #expect(again == wanted)
  }

  @Test func `are those of all bytes after cuts, also when the store was opened anew between them`() async throws {
    let bytes = sampleBytes(2_000_000)
    let digest = ImageDigest(of: bytes)
    let test = try TestStore()
    // The second one goes on a little before the first one's end.
    for part in [0..<700_001, 600_000..<1_500_000] {
      await #expect(throws: CutOff.self) {
        _ = try await TestStore(in: test.folder).store.receive(digest, continuingAt: Int64(part.lowerBound)) { landing in
          try await landing.append(bytes[part], piece: 7777)
          throw CutOff()
        }
      }
    }
    let last = try TestStore(in: test.folder)
    let landed = try await last.store.receive(digest, continuingAt: 1_500_000) {
      try await $0.append(bytes[1_500_000...], piece: 100_000)
    }
    let wanted = try programs(digest, test)
    #expect(landed.otherDigests == wanted)
  }

  @Test func `are not made of bytes that have changed, which can be sent again then`() async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(1_500_000))
    try test.flip(test.path(digest), at: 1_200_000)
    await #expect { _ = try await test.store.otherDigests(of: digest) } throws: {
      ($0 as? ImageStoreError)?.code == .damaged
    }
    #expect(try await test.store.size(of: digest) == nil)
    await #expect { _ = try await test.store.otherDigests(of: ImageDigest(of: [1])) } throws: {
      ($0 as? ImageStoreError)?.code == .missing
    }
  }

  @Test func `are left out where OpenSSL has none, and SHA-256 is the same`() {
    let hasher = ImageHasher(legacy: nil)
    let bytes = sampleBytes(1000)
    bytes.withUnsafeBytes { hasher.update($0) }
    let made = hasher.finish()
    #expect(made.digest == ImageDigest(of: bytes) && made.others == nil)
  }
}
