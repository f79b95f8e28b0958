import Domain
import Foundation
import NIOCore
import Testing

@testable import ImageStore

@Suite("Reading a stored image") struct StoredImageTests {
  private static let ranges: [(Int, Int)] = [
    (0, 1), (0, 0), (1, 1000), (99_999, 100_000), (0, 100_000), (500, 501), (7, 77_777),
  ]

  @Test func `a small image is read from memory by slices`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(100_000)
    let image = try await test.store.open(test.land(bytes))
    #expect(image.size == 100_000)
    for (start, end) in Self.ranges {
      let range = Int64(start)..<Int64(end)
      #expect(image.slice(range).map { Array($0.readableBytesView) } == Array(bytes[start..<end]))
      #expect(Array(try await image.read(range).readableBytesView) == Array(bytes[start..<end]))
      #expect(try image.readBlocking(range) == Array(bytes[start..<end]))
      #expect(try image.digestBlocking(of: range) == ImageDigest(of: Array(bytes[start..<end])))
    }
  }

  @Test func `an image of more than 16 MiB is read from the disk, the same bytes`() async throws {
    let test = try TestStore()
    let size = Int(ImageStore.largestHotImage) + 1
    let bytes = sampleBytes(size)
    let digest = try await test.land(bytes, piece: 1 << 20)
    let image = try await test.store.open(digest)
    #expect(image.size == Int64(size))
    #expect(image.slice(0..<10) == nil)
    for (start, end) in Self.ranges + [(size - 1, size), (size - 300_000, size - 37_856)] {
      let range = Int64(start)..<Int64(end)
      #expect(Array(try await image.read(range).readableBytesView) == Array(bytes[start..<end]))
      #expect(try image.readBlocking(range) == Array(bytes[start..<end]))
    }
    #expect(try image.digestBlocking(of: 0..<image.size) == digest)
    await #expect(throws: ImageStoreError.self) { _ = try await image.read(Int64(size - 1)..<Int64(size + 1)) }
  }

  @Test func `exactly 16 MiB are still held in memory`() async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(Int(ImageStore.largestHotImage)), piece: 1 << 20)
    #expect(try await test.store.open(digest).slice(0..<1) != nil)
  }

  @Test(arguments: [0, 50_000, 99_999])
  func `a damaged image is not served`(offset: Int) async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(100_000))
    try test.flip(test.path(digest), at: offset)
    await #expect { _ = try await test.store.open(digest) } throws: { ($0 as? ImageStoreError)?.code == .damaged }
    try test.flip(test.path(digest), at: offset)
    #expect(try await test.store.open(digest).size == 100_000)
  }

  @Test(arguments: [0, 17_000_000])
  func `a damaged image that is too large for memory is not served either`(offset: Int) async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(17_000_001), piece: 1 << 20)
    try test.flip(test.path(digest), at: offset)
    await #expect { _ = try await test.store.open(digest) } throws: { ($0 as? ImageStoreError)?.code == .damaged }
    await #expect { _ = try await test.store.open(digest) } throws: { ($0 as? ImageStoreError)?.code == .damaged }
    try test.flip(test.path(digest), at: offset)
    #expect(try await test.store.open(digest).size == 17_000_001)
  }

  @Test func `many who open one image at once all get it, and all are told when it is damaged`() async throws {
    let test = try TestStore(hotBytes: 0)
    let bytes = sampleBytes(300_000)
    let digest = try await test.land(bytes, piece: 65_536)
    func openers() async -> Int {
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 {
          group.addTask {
            guard let image = try? await test.store.open(digest) else { return false }
            return (try? await image.read(0..<10).readableBytesView.elementsEqual(bytes[..<10])) == true
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
    }
    try test.flip(test.path(digest), at: 299_999)
    #expect(await openers() == 0)
    try test.flip(test.path(digest), at: 299_999)
    #expect(await openers() == 50)
  }

  @Test func `an image that is not there is missing`() async throws {
    let test = try TestStore()
    await #expect { _ = try await test.store.open(ImageDigest(of: [1])) } throws: {
      ($0 as? ImageStoreError)?.code == .missing
    }
  }

  @Test func `an image that is held in memory is read from the disk once`() async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(1000))
    _ = try await test.store.open(digest)
    try FileManager.default.removeItem(atPath: test.path(digest))
    #expect(try await test.store.open(digest).size == 1000)
  }

  @Test func `memory holds what is asked for, up to its limit, and gives up the oldest`() async throws {
    let test = try TestStore(hotBytes: 2500)
    var images: [ImageDigest] = []
    for seed in 1...3 as ClosedRange<UInt64> { images.append(try await test.land(sampleBytes(1000, seed: seed))) }
    _ = try await test.store.open(images[0])
    _ = try await test.store.open(images[1])
    _ = try await test.store.open(images[0])
    _ = try await test.store.open(images[2])
    for image in images { try FileManager.default.removeItem(atPath: test.path(image)) }
    #expect(try await test.store.open(images[0]).size == 1000)
    #expect(try await test.store.open(images[2]).size == 1000)
    await #expect(throws: ImageStoreError.self) { _ = try await test.store.open(images[1]) }
    let large = try await test.land(sampleBytes(2501, seed: 9))
    _ = try await test.store.open(large)
    try FileManager.default.removeItem(atPath: test.path(large))
    await #expect(throws: ImageStoreError.self) { _ = try await test.store.open(large) }
    #expect(try await test.store.open(images[0]).size == 1000, "what does not fit displaces nothing")
  }
}
