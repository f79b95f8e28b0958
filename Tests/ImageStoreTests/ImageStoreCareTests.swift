import Domain
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ImageStore

@Suite("Care for stored images") struct ImageStoreCareTests {
  private struct CutOff: Error {}

  @Test func `collecting takes what is old and not kept, and nothing else`() async throws {
    let test = try TestStore()
    let moment = Timestamp(milliseconds: 1_750_000_000_999)
    let images = try await (1...4).asyncMap { try await test.land(sampleBytes(100, seed: UInt64($0))) }
    // Old and kept; old; exactly of that second; young.
    for (image, seconds) in zip(images, [1, 1_749_999_999, 1_750_000_000, 1_750_000_001]) {
      try test.setChanged(test.path(image), seconds: Int64(seconds))
    }
    for (seed, seconds) in [(11, 1_749_999_999), (12, 1_750_000_000)] as [(UInt64, Int64)] {
      let digest = ImageDigest(of: sampleBytes(100, seed: seed))
      _ = try? await test.store.receive(digest) { landing in
        try await landing.append([1, 2, 3], piece: 1)
        throw CutOff()
      }
      try test.setChanged(test.partial(digest), seconds: seconds)
    }
    try Data([1]).write(to: URL(fileURLWithPath: "\(test.folder.path)/staging/stray"))
    let gone = try await test.store.collect(unusedSince: moment) { [kept = images[0]] in $0 == kept }
    #expect(gone == (1, 2))
    #expect(Set(try await test.store.digests()) == Set([images[0], images[2], images[3]]))
    #expect(try test.names("staging") == ["\(ImageDigest(of: sampleBytes(100, seed: 12)).hex).part"])
  }

  @Test func `asking for the size of an image keeps it for a while`() async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(100))
    try test.setChanged(test.path(digest), seconds: 1)
    #expect(try await test.store.size(of: digest) == 100)
    #expect(try await test.store.collect(unusedSince: Timestamp(milliseconds: 1_000_000_000_000)) { _ in false } == (0, 0))
    #expect(try await test.store.digests() == [digest])
    #expect(try await test.store.size(of: ImageDigest(of: [1])) == nil)
  }

  @Test func `a collected image is not served from memory`() async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(100))
    _ = try await test.store.open(digest)
    try test.setChanged(test.path(digest), seconds: 1)
    #expect(try await test.store.collect(unusedSince: Timestamp(milliseconds: 5000)) { _ in false } == (1, 0))
    await #expect { _ = try await test.store.open(digest) } throws: { ($0 as? ImageStoreError)?.code == .missing }
  }

  @Test func `hashing again sees a changed byte, a missing one and one too many`() async throws {
    let test = try TestStore()
    let bytes = sampleBytes(600_000)
    let digest = try await test.land(bytes)
    #expect(try await test.store.rehash(digest) == (digest, 600_000))
    for offset in [0, 262_144, 599_999] {
      try test.flip(test.path(digest), at: offset)
      #expect(try await test.store.rehash(digest).digest != digest, "byte \(offset)")
      try test.flip(test.path(digest), at: offset)
    }
    #expect(try await test.store.rehash(digest).digest == digest)
    try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: test.path(digest)))
    #expect(try await test.store.rehash(digest) == (ImageDigest(of: bytes.dropLast()), 599_999))
    try Data(bytes + [0]).write(to: URL(fileURLWithPath: test.path(digest)))
    #expect(try await test.store.rehash(digest).size == 600_001)
    await #expect { _ = try await test.store.rehash(ImageDigest(of: [1])) } throws: {
      ($0 as? ImageStoreError)?.code == .missing
    }
  }

  @Test func `what lies among the images and is none is named, and disturbs nothing`() async throws {
    let test = try TestStore()
    let digest = try await test.land(sampleBytes(100))
    let other = ImageDigest(of: sampleBytes(100, seed: 2))
    let root = "\(test.folder.path)/images/sha256"
    #expect(try await test.store.strayNames() == [])
    let fan = "\(digest.hex.prefix(2))"
    let wrongFan = other.hex.hasPrefix("00") ? "01" : "00"
    try FileManager.default.createDirectory(atPath: "\(root)/\(wrongFan)", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: "\(root)/lost+found", withIntermediateDirectories: true)
    let strays = ["\(fan)/notes.txt", "\(fan)/\(digest.hex).bak", "\(wrongFan)/\(other.hex)", "README", "lost+found/x"]
    for name in strays { try Data([1]).write(to: URL(fileURLWithPath: "\(root)/\(name)")) }
    let found = try await test.store.strayNames()
    #expect(Set(found) == ["notes.txt", "\(digest.hex).bak", other.hex, "README", "x"])
    #expect(try await test.store.digests() == [digest])
    #expect(try await test.store.collect(unusedSince: Timestamp(milliseconds: 0)) { _ in true } == (0, 0))
  }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
