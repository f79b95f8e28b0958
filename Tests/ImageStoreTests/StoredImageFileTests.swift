import Domain
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import ImageStore

/// Parts of an image's file that the system sends by itself.
@Suite struct StoredImageFileTests {
  private static let size = 700_001

  /// A store that holds nothing in memory, and an image in it.
  private static func image() async throws -> (TestStore, ImageDigest, StoredImage) {
    let test = try TestStore(hotBytes: 0)
    let digest = try await test.land(sampleBytes(size), piece: 65_536)
    return (test, digest, try await test.store.open(digest))
  }

  private static func load(_ file: StoredImageFile, _ range: Range<Int64>) async throws -> FileRegion {
    try await file.load(range, on: MultiThreadedEventLoopGroup.singleton.any()).get()
  }

  /// What the system sends of a part.
  private static func bytes(_ part: FileRegion) throws -> [UInt8] {
    try part.fileHandle.withUnsafeFileDescriptor { descriptor in
      var bytes = [UInt8](repeating: 0, count: part.readableBytes)
      let count = pread(descriptor, &bytes, bytes.count, off_t(part.readerIndex))
      return Array(bytes[..<max(0, count)])
    }
  }

  @Test(arguments: [0..<1, 0..<700_001, 65_535..<65_537, 262_144..<524_288, 700_000..<700_001])
  func `a part that was loaded is exactly that`(range: Range<Int64>) async throws {
    let (test, _, image) = try await Self.image()
    let file = try #require(image.fileToSend())
    let part = try await Self.load(file, range)
    #expect(part.readerIndex == Int(range.lowerBound) && part.endIndex == Int(range.upperBound))
    #expect(try Self.bytes(part) == Array(sampleBytes(Self.size)[Int(range.lowerBound)..<Int(range.upperBound)]))
    // Not every file system says what the system has in its memory.
    if let again = try file.loaded(range) { #expect(again == part) }
    withExtendedLifetime(test) {}
  }

  @Test func `an image in memory is not sent from the disk`() async throws {
    let test = try TestStore()
    #expect(try await test.store.open(test.land(sampleBytes(1000))).fileToSend() == nil)
  }

  @Test(arguments: [0..<700_001, 1..<262_146, 299_999..<700_000])
  func `behind the beginning of a long range in memory, the system sends the rest of it`(range: Range<Int64>) async throws {
    let test = try TestStore()
    let bytes = sampleBytes(Self.size)
    let digest = try await test.land(bytes, piece: 65_536)
    let image = try await test.store.open(digest)
    // The disk is not asked: what it says meanwhile was not hashed.
    try test.flip(test.path(digest), at: Int(range.upperBound) - 1)
    let rest = try #require(image.rest(of: range))
    #expect(rest.region.readerIndex == Int(range.lowerBound) + StoredImage.leadSize)
    #expect(rest.region.endIndex == Int(range.upperBound))
    #expect(try Self.bytes(rest.region) == Array(bytes[rest.region.readerIndex..<rest.region.endIndex]))
    // Nobody can change what is sent.
    let written = try rest.region.fileHandle.withUnsafeFileDescriptor { pwrite($0, "x", 1, off_t(range.upperBound) - 1) }
    #expect(written == -1)
    #expect(try test.store.openHot(digest)?.rest(of: range).map { try Self.bytes($0.region) } == Self.bytes(rest.region))
  }

  @Test func `a range that is not long, and an image without a file in memory, have no rest`() async throws {
    let bytes = sampleBytes(Self.size)
    // Twice as much memory as the image has bytes is needed for both.
    for (hotBytes, hasFile) in [(2 * Self.size, true), (2 * Self.size - 1, false), (Self.size, false), (0, false)] {
      let test = try TestStore(hotBytes: hotBytes)
      let digest = try await test.land(bytes, piece: 65_536)
      let image = try await test.store.open(digest)
      #expect((image.rest(of: 0..<Int64(Self.size)) != nil) == hasFile)
      #expect((image.slice(0..<10) != nil) == (hotBytes > 0))
      #expect((test.store.openHot(digest) != nil) == (hotBytes > 0))
      #expect(image.rest(of: 1..<262_145) == nil)
    }
    let test = try TestStore()
    let small = try await test.store.open(test.land(sampleBytes(StoredImage.leadSize)))
    #expect(small.rest(of: 0..<Int64(StoredImage.leadSize)) == nil)
  }

  @Test func `an image with a file takes twice its bytes of the memory for images`() async throws {
    let test = try TestStore(hotBytes: 4 * Self.size - 1)
    let first = try await test.land(sampleBytes(Self.size, seed: 1), piece: 65_536)
    let second = try await test.land(sampleBytes(Self.size, seed: 2), piece: 65_536)
    _ = try await test.store.open(first)
    #expect(test.store.openHot(first) != nil)
    _ = try await test.store.open(second)
    #expect(test.store.openHot(first) == nil && test.store.openHot(second) != nil)
  }

  @Test func `each connection has a part of the same file at the same time`() async throws {
    let (test, _, image) = try await Self.image()
    let files = try (1...3).map { _ in try #require(image.fileToSend()) }
    var parts: [FileRegion] = []
    for file in files { parts.append(try await Self.load(file, 0..<10)) }
    let (first, second) = (parts[0].fileHandle, parts[1].fileHandle)
    let isAnother = try first.withUnsafeFileDescriptor { one in try second.withUnsafeFileDescriptor { other in one == other } }
    #expect(isAnother)
    withExtendedLifetime((test, files)) {}
  }

  @Test func `a file that is removed is still there for who has it`() async throws {
    let (test, digest, image) = try await Self.image()
    let file = try #require(image.fileToSend())
    try FileManager.default.removeItem(atPath: test.path(digest))
    #expect(try Self.bytes(try await Self.load(file, 1..<600_000)) == Array(sampleBytes(Self.size)[1..<600_000]))
  }

  @Test func `a file that has become shorter is not sent past its end`() async throws {
    let (test, digest, image) = try await Self.image()
    let file = try #require(image.fileToSend())
    try #require(truncate(test.path(digest), 300_000) == 0)
    for range in [299_999..<300_001, 0..<700_001, 300_000..<300_001, 600_000..<700_000] as [Range<Int64>] {
      await #expect { _ = try await Self.load(file, range) } throws: { ($0 as? ImageStoreError)?.code == .failed }
      let known = try? file.loaded(range)
      #expect(known == nil)
    }
    #expect(try Self.bytes(try await Self.load(file, 0..<300_000)).count == 300_000)
  }
}
