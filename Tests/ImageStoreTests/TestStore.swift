import Cryptography
import Domain
import Foundation
import NIOCore
import NIOPosix
import TestSupport

@testable import ImageStore

/// A store in a folder of its own.
struct TestStore {
  let folder: TemporaryFolder
  let store: ImageStore

  /// What every test shares, and the process ends.
  private static let pool: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 2)
    pool.start()
    return pool
  }()
  private static let background = BackgroundThreads(count: 2)

  init(largestImage: Int64 = 1 << 30, hotBytes: Int = 64 << 20, in known: TemporaryFolder? = nil) throws {
    folder = try known ?? TemporaryFolder()
    store = try ImageStore(
      root: folder.path, pool: Self.pool, background: Self.background, largestImage: largestImage, hotBytes: hotBytes)
  }

  /// Lands bytes under their digest, in pieces.
  @discardableResult
  func land(_ bytes: [UInt8], piece: Int = 1000) async throws -> ImageDigest {
    let digest = ImageDigest(of: bytes)
    let landed = try await store.receive(digest) { landing in try await landing.append(bytes, piece: piece) }
    guard landed.size == bytes.count else { throw WrongSize() }
    return digest
  }

  func path(_ digest: ImageDigest) -> String { "\(folder.path)/images/sha256/\(digest.hex.prefix(2))/\(digest.hex)" }
  func partial(_ digest: ImageDigest) -> String { "\(folder.path)/staging/\(digest.hex).part" }
  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
  func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
  func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(self.folder.path)/\(folder)").sorted()
  }
  func mode(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
  }
  func setChanged(_ path: String, seconds: Int64) throws {
    let date = Date(timeIntervalSince1970: TimeInterval(seconds))
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
  }
  /// Changes one byte of a file.
  func flip(_ path: String, at offset: Int) throws {
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(offset))
    let byte = try file.read(upToCount: 1) ?? Data()
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: byte.map { $0 ^ 1 })
    try file.close()
  }

  private struct WrongSize: Error {}
}

extension ImageDigest {
  init(of bytes: [UInt8]) { self.init(bytes: SHA256Hasher.digest(of: bytes))! }
}

extension ImageLanding {
  func append(_ bytes: some Collection<UInt8>, piece: Int) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try await append(ByteBuffer(bytes: rest.prefix(piece)))
      rest = rest.dropFirst(piece)
    }
  }
}

/// Bytes that look like nothing, the same on every run (SplitMix64).
func sampleBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  let words = (0..<(count + 7) / 8).map { _ in
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
  return words.withUnsafeBytes { Array($0.prefix(count)) }
}
