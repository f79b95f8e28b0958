import ImageFormats
import Testing

@Suite struct PackageFormatsTests {
  private func describe(_ image: [UInt8]) throws -> ImageDescription { try ImageInspector.describe(MemoryImage(image)) }

  @Test func `a RAUC bundle says its version where the manifest is in the signature`() throws {
    let description = try describe(SampleImages.rauc())
    #expect(description.format == .rauc && description.version == "3.1.4")
    #expect(description.details == ["compatible": "board", "bundleFormat": "verity"])
    // Neither a certificate's words nor what is inside the squashfs count as the manifest.
    let plain = try describe(SampleImages.rauc(manifest: nil))
    #expect(plain.format == .rauc && plain.version == nil && plain.details == ["bundleFormat": "plain"])
    let encrypted = try describe(SampleImages.encryptedRAUC())
    #expect(encrypted.format == .rauc && encrypted.version == nil)
    #expect(encrypted.details == ["bundleFormat": "crypt", "encrypted": "true"])
    let unencrypted = "[bundle]\r\nformat=crypt\r\n[update]\r\n# version=1\r\nversion = 2.5 \r\ndescription=A b\r\nbuild=7\r\n"
    let crypt = try describe(SampleImages.rauc(manifest: unencrypted))
    #expect(crypt.version == "2.5")
    #expect(crypt.details == ["bundleFormat": "crypt", "description": "A b", "build": "7"])
  }

  @Test(arguments: [
    [0x30, 0x80] + [UInt8](repeating: 0, count: 20), SampleImages.element(0x30, [UInt8](repeating: 0x30, count: 40)),
    SampleImages.element(0x30, SampleImages.element(0x06, SampleImages.messageKind(9)) + [0xA0, 0x02, 0x30, 0x00]),
    SampleImages.element(0x30, SampleImages.element(0x06, SampleImages.messageKind(2)) + [0xA0, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]),
    SampleImages.element(0x30, SampleImages.element(0x06, SampleImages.messageKind(2)) + [0xA0, 0x02, 0x30, 0x00]),
  ])
  func `a RAUC bundle with a signature of another make says nothing`(signature: [UInt8]) throws {
    let description = try describe(SampleImages.rauc(signature: signature))
    #expect(description == ImageDescription(format: .rauc))
  }

  @Test(arguments: [
    "[update]\nversion=", "[update]\nversion=\u{1}", "[update", "[update]\n[]]\n=\n==\n[\n", "[update]\nversion",
  ])
  func `a RAUC manifest without a readable version gives none`(manifest: String) throws {
    let description = try describe(SampleImages.rauc(manifest: manifest))
    #expect(description.format == .rauc && description.version == nil)
  }

  @Test func `a squashfs without a signature is raw, and one that is cut is refused`() throws {
    var bundle = SampleImages.rauc()
    #expect(try describe(Array(bundle.dropLast(9))).format == .raw)
    for length in [96, 100, 500] { #expect(try describe(Array(bundle[..<length])).format == .raw) }
    bundle[45] = 0xFF
    let error = #expect(throws: ImageFormatError.self) { try describe(bundle) }
    #expect(error?.code == .truncated)
  }

  @Test func `a Mender artifact is checked against its manifest`() throws {
    let image = SampleImages.mender()
    let description = try describe(image)
    #expect(description.format == .mender && description.version == nil)
    #expect(description.details == ["artifactFormat": "3", "signed": "false"])
    let error = #expect(throws: ImageFormatError.self) {
      try describe(SampleImages.mender(digest: [UInt8](repeating: 0, count: 32)))
    }
    #expect(error?.code == .digestMismatch)
  }

  @Test func `a Mender artifact that is cut before its end is refused`() {
    let image = SampleImages.mender()
    // From behind the first entry on; one block of zeros is enough of an end.
    for length in stride(from: 1024, to: image.count - 512, by: 7) {
      #expect(throws: ImageFormatError.self, "\(length) bytes") { try describe(Array(image[..<length])) }
    }
  }

  @Test func `other archives are raw`() throws {
    #expect(try describe(SampleImages.nordicZip()).format == .nordicZip)
    #expect(try describe(SampleImages.nordicZip(["app.bin", "app.dat"])).format == .raw)
    #expect(try describe(SampleImages.nordicZip(["manifest.json", "index.html"])).format == .raw)
    var tar = SampleImages.mender()
    tar.replaceSubrange(514..<520, with: "xxxxxx".utf8)
    #expect(try describe(tar).format == .raw)
    var package = SampleImages.swu()
    package.replaceSubrange(110..<112, with: "xx".utf8)
    #expect(try describe(package).format == .raw)
  }
}
