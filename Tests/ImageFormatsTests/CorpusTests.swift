import Foundation
import ImageFormats
import TestSupport
import Testing

/// Real images and samples made by the formats' own tools. They are not part of this repository: without them these tests are
/// skipped.
@Suite(.enabled(if: Corpus.folder != nil)) struct CorpusTests {
  @Test func `every image of the corpus is accepted`() throws {
    let corpus = try #require(try Corpus.load())
    #expect(!corpus.images.isEmpty)
    for image in corpus.images {
      let description = try ImageInspector.describe(MemoryImage(corpus.bytes(image.file)))
      let expected: ImageFormat = image.format.hasPrefix("esp8266") ? .esp8266 : .raw
      #expect(description.format == expected, "\(image.file)")
    }
  }

  @Test func `every sample is recognised`() throws {
    let formats = [
      "esp-idf-app": "esp-idf", "ihex": "intel-hex", "srec": "s-record", "dfu-suffix": "dfu", "nordic-dfu-zip": "nordic-zip",
    ]
    let corpus = try #require(try Corpus.load())
    #expect(!corpus.samples.files.isEmpty)
    for sample in corpus.samples.files {
      let description = try ImageInspector.describe(MemoryImage(corpus.bytes(sample.file)))
      #expect(description.format.rawValue == formats[sample.format] ?? sample.format, "\(sample.file)")
    }
  }

  @Test(
    arguments: [
      ("app.esp32c3.bin", "0.1.9", ["chip": "esp32c3", "chipId": "5", "project": "cynthion-apollo", "securityCounter": "3"]),
      ("app.mcuboot.bin", "0.1.9+7", ["digest": "sha256", "signature": "ecdsa"]),
      ("app.mcuboot-lzma2armthumb.bin", "0.1.9+7", ["compression": "lzma2+armthumb", "decompressedSize": "13888"]),
      ("app.hex", nil, ["base": "0x10000000", "length": "13888"]), ("app.s37", nil, ["base": "0x10000000", "length": "13888"]),
      ("app.uf2", "0.1.9", ["family": "RP2040", "familyId": "0xe48bff56", "base": "0x10000000", "device": "cynthion-apollo"]),
      ("app.uimg", nil, ["name": "cynthion-apollo 0.1.9", "arch": "arm", "load": "0x10000000"]),
      ("app.itb", nil, ["description": "cynthion-apollo 0.1.9", "compatible": "vendor,cynthion-apollo"]),
      ("app.dfu", nil, ["vendor": "0x1d50", "product": "0x615c", "device": "0x0104"]),
      ("app.verity.raucb", "0.1.9", ["compatible": "cynthion-apollo", "build": "7", "bundleFormat": "verity"]),
      ("app.plain.raucb", nil, ["bundleFormat": "plain"]), ("app.mender", nil, ["artifactFormat": "3"]),
      ("app.swu", "0.1.9", [:]),
      ("app.nrf.zip", nil, [:]),
    ] as [(String, String?, [String: String])])
  func `a sample says what its maker put in`(file: String, version: String?, details: [String: String]) throws {
    let corpus = try #require(try Corpus.load())
    let description = try ImageInspector.describe(MemoryImage(corpus.bytes("samples/" + file)))
    #expect(description.version == version)
    for (name, value) in details { #expect(description.details[name] == value, "\(name)") }
  }

  @Test func `samples that are cut or changed give an answer or an error of this room`() throws {
    let corpus = try #require(try Corpus.load())
    var random = SeededGenerator(seed: 11)
    for sample in corpus.samples.files {
      let image = try corpus.bytes(sample.file)
      for _ in 0..<40 {
        var damaged = image
        damaged[Int.random(in: 0..<min(600, image.count), using: &random)] = UInt8.random(in: 0...255, using: &random)
        damaged[Int.random(in: 0..<image.count, using: &random)] ^= 1
        damaged.removeLast(Bool.random(using: &random) ? 0 : Int.random(in: 0..<image.count, using: &random))
        do { _ = try ImageInspector.describe(MemoryImage(damaged)) } catch { #expect(error is ImageFormatError, "\(error)") }
      }
    }
  }
}

private struct Corpus: Decodable {
  struct Image: Decodable {
    let file: String
    let format: String
  }

  struct Samples: Decodable { let files: [Image] }

  let images: [Image]
  let samples: Samples

  /// The folder beside the checkout, nil where there is none.
  static let folder: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.deletingLastPathComponent().appending(path: "shared/firmware-corpus")
    return FileManager.default.fileExists(atPath: folder.appending(path: "manifest.json").path) ? folder : nil
  }()

  static func load() throws -> Corpus? {
    guard let folder else { return nil }
    return try JSONDecoder().decode(Corpus.self, from: Data(contentsOf: folder.appending(path: "manifest.json")))
  }

  func bytes(_ file: String) throws -> [UInt8] {
    guard let folder = Self.folder else { return [] }
    return try [UInt8](Data(contentsOf: folder.appending(path: file)))
  }
}
