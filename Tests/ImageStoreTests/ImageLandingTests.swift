import Domain
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ImageStore

@Suite("An image on its way in") struct ImageLandingTests {
  private struct CutOff: Error, Equatable {}

  private func expect(
    _ code: ImageStoreError.Code, _ test: TestStore, _ digest: ImageDigest, at offset: Int64 = 0, _ bytes: [UInt8]
  ) async -> ImageStoreError? {
    let error = await #expect(throws: ImageStoreError.self) {
      _ = try await test.store.receive(digest, continuingAt: offset) { try await $0.append(bytes, piece: 100) }
    }
    #expect(error?.code == code)
    return error
  }

  /// Sends a part of an image and breaks off.
  private func cut(_ bytes: some Collection<UInt8>, at offset: Int64 = 0, of digest: ImageDigest, _ test: TestStore) async {
    await #expect(throws: CutOff.self) {
      _ = try await test.store.receive(digest, continuingAt: offset) { landing in
        try await landing.append(bytes, piece: 7)
        throw CutOff()
      }
    }
  }

  @Test(arguments: [1, 100, 512 * 1024, 512 * 1024 + 1, 3_000_000])
  func `lands under its content, with nothing left in staging`(size: Int) async throws {
    let test = try TestStore()
    let bytes = sampleBytes(size)
    let digest = try await test.land(bytes, piece: 65_536)
    #expect(try test.bytes(test.path(digest)) == bytes)
    #expect(try test.names("staging") == [])
    #expect(try test.names("images/sha256") == [String(digest.hex.prefix(2))])
    #expect(try test.names("images/sha256/\(digest.hex.prefix(2))") == [digest.hex])
    #expect(try await test.store.size(of: digest) == Int64(size))
    #expect(try await test.store.received(of: digest) == 0)
    #expect(try await test.store.digests() == [digest])
  }

  @Test func `is readable by nobody else`() async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(100))
    for folder in ["images", "images/sha256", "images/sha256/\(digest.hex.prefix(2))", "staging"] {
      #expect(try test.mode("\(test.folder.path)/\(folder)") == 0o700, "\(folder)")
    }
    #expect(try test.mode(test.path(digest)) == 0o600)
    await cut([1, 2], of: ImageDigest(of: [9]), test)
    #expect(try test.mode(test.partial(ImageDigest(of: [9]))) == 0o600)
  }

  @Test func `with other bytes than announced leaves nothing`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(1000)
    let digest = ImageDigest(of: bytes)
    for wrong in [bytes.dropLast(), bytes + [0], bytes.reversed(), []] as [[UInt8]] {
      _ = await expect(.digestMismatch, test, digest, wrong)
      #expect(try test.names("staging") == [])
      #expect(try await test.store.size(of: digest) == nil)
      #expect(try await test.store.received(of: digest) == 0)
    }
    #expect(try test.names("images/sha256") == [])
    try await test.land(bytes)
  }

  @Test func `cut at any byte goes on from there`() async throws {
    let bytes = sampleBytes(200)
    let digest = ImageDigest(of: bytes)
    for split in 0...bytes.count {
      let test = try TestStore()
      await cut(bytes[..<split], of: digest, test)
      #expect(try await test.store.received(of: digest) == Int64(split))
      #expect(try await test.store.size(of: digest) == nil)
      #expect(try test.bytes(test.partial(digest)) == Array(bytes[..<split]))
      let landed = try await test.store.receive(digest, continuingAt: Int64(split)) {
        try await $0.append(bytes[split...], piece: 33)
      }
      #expect(landed.size == 200)
      #expect(try test.bytes(test.path(digest)) == bytes)
      #expect(try test.names("staging") == [])
    }
  }

  @Test func `cut again and again goes on, also after the store was opened anew and from before the cut`() async throws {
    let bytes = sampleBytes(2_000_000)
    let digest = ImageDigest(of: bytes)
    let test = try TestStore()
    await cut(bytes[..<700_001], of: digest, test)
    let second = try TestStore(in: test.folder)
    #expect(try await second.store.received(of: digest) == 700_001)
    // Goes on a little before what has arrived: the rest is taken off.
    await cut(bytes[600_000..<600_010], at: 600_000, of: digest, second)
    #expect(try await second.store.received(of: digest) == 600_010)
    await cut(bytes[600_010..<1_500_000], at: 600_010, of: digest, second)
    let third = try TestStore(in: test.folder)
    _ = try await third.store.receive(digest, continuingAt: 1_500_000) {
      try await $0.append(bytes[1_500_000...], piece: 100_000)
    }
    #expect(try third.bytes(third.path(digest)) == bytes)
  }

  @Test func `from the start again forgets what had arrived`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(500)
    let digest = ImageDigest(of: bytes)
    await cut(sampleBytes(400, seed: 2), of: digest, test)
    try await test.land(bytes)
    #expect(try test.bytes(test.path(digest)) == bytes)
  }

  @Test func `that went on from wrong bytes is refused, and starts anew`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(500)
    let digest = ImageDigest(of: bytes)
    await cut(sampleBytes(400, seed: 2), of: digest, test)
    _ = await expect(.digestMismatch, test, digest, at: 400, Array(bytes[400...]))
    #expect(try await test.store.received(of: digest) == 0)
  }

  @Test func `from a place that has not arrived is refused, and what has arrived stays`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(500)
    let digest = ImageDigest(of: bytes)
    #expect(await expect(.wrongOffset, test, digest, at: 1, bytes)?.received == 0)
    await cut(bytes[..<300], of: digest, test)
    for offset in [301, 500, Int64.max] { #expect(await expect(.wrongOffset, test, digest, at: offset, [])?.received == 300) }
    #expect(try test.bytes(test.partial(digest)) == Array(bytes[..<300]))
    _ = try await test.store.receive(digest, continuingAt: 300) { try await $0.append(bytes[300...], piece: 1) }
  }

  @Test func `with more bytes than an image may have leaves nothing`() async throws {
    let test = try TestStore(largestImage: 1000)
    try await test.land(sampleBytes(1000))
    let bytes = sampleBytes(1001)
    let digest = ImageDigest(of: bytes)
    _ = await expect(.tooLarge, test, digest, bytes)
    #expect(try test.names("staging") == [])
    await cut(bytes[..<900], of: digest, test)
    _ = await expect(.tooLarge, test, digest, at: 900, Array(bytes[900...]))
    #expect(try test.names("staging") == [])
    #expect(try await test.store.digests().count == 1)
  }

  @Test func `a second one of the same image has to wait, one of another image has not`() async throws {
    let test = try TestStore()
    let (bytes, others) = (sampleBytes(500), sampleBytes(500, seed: 2))
    let digest = ImageDigest(of: bytes)
    _ = try await test.store.receive(digest) { landing in
      try await landing.append(bytes[..<100], piece: 10)
      _ = await expect(.busy, test, digest, bytes)
      try await test.land(others)
      try await landing.append(bytes[100...], piece: 10)
    }
    #expect(try test.bytes(test.path(digest)) == bytes)
    #expect(try await test.store.digests().count == 2)
    // The place is free again after the end, a failure and a cut.
    try await test.land(bytes)
    _ = await expect(.digestMismatch, test, digest, [1])
    await cut(bytes[..<9], of: digest, test)
    try await test.land(bytes)
  }

  @Test func `again over a stored one changes nothing`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(500)
    let digest = try await test.land(bytes)
    _ = await expect(.digestMismatch, test, digest, [1, 2, 3])
    #expect(try test.bytes(test.path(digest)) == bytes)
    try await test.land(bytes)
    #expect(try test.bytes(test.path(digest)) == bytes)
  }

  @Test func `that cannot be written leaves nothing half-done`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(500)
    let digest = ImageDigest(of: bytes)
    // The folder of the digest cannot be made: a file has its name.
    let place = "\(test.folder.path)/images/sha256/\(digest.hex.prefix(2))"
    #expect(FileManager.default.createFile(atPath: place, contents: Data()))
    await #expect(throws: ImageStoreError.self) { try await test.land(bytes) }
    #expect(try test.names("staging") == [])
    try FileManager.default.removeItem(atPath: place)
    try await test.land(bytes)
  }
}
