import ImageFormats
import TestSupport
import Testing

@Suite struct OtherFormatsTests {
  private func describe(_ image: [UInt8]) throws -> ImageDescription { try ImageInspector.describe(MemoryImage(image)) }

  private func expectRefused(_ image: [UInt8], _ format: ImageFormat, _ comment: Comment? = nil) {
    let error = #expect(throws: ImageFormatError.self, comment) { try describe(image) }
    #expect(error?.format == format, comment)
  }

  @Test func `unknown bytes are raw, down to none at all`() throws {
    var random = SeededGenerator(seed: 1)
    for length in [0, 1, 4, 15, 16, 17, 100, 511, 512, 513, 70_000] {
      for bytes in [random.bytes(length), [UInt8](repeating: 0xFF, count: length), [UInt8](repeating: 0, count: length)] {
        #expect(try describe(bytes) == ImageDescription(format: .raw))
      }
    }
  }

  @Test func `a DFU suffix gives vendor and product, and its CRC covers every byte`() throws {
    let image = SampleImages.dfu(Array(0..<90))
    let description = try describe(image)
    #expect(description.format == .dfu)
    #expect(description.details["vendor"] == "0x1d50" && description.details["product"] == "0x615c")
    for index in image.indices where !(98..<102).contains(index) {
      var damaged = image
      damaged[index] ^= 0x20
      expectRefused(damaged, .dfu, "byte \(index)")
    }
  }

  @Test func `an image of another format with a DFU suffix keeps its format and version`() throws {
    let description = try describe(SampleImages.dfu(SampleImages.mcuboot()))
    #expect(description.format == .mcuboot && description.version == "1.4.2+7" && description.details["vendor"] == "0x1d50")
  }

  @Test func `a uImage gives its name; a change anywhere is refused`() throws {
    let image = SampleImages.uImage()
    let description = try describe(image)
    #expect(description.format == .uImage && description.version == nil)
    #expect(description.details["name"] == "board 1.2.3" && description.details["arch"] == "arm")
    for index in 4..<image.count {
      var damaged = image
      damaged[index] ^= 1
      expectRefused(damaged, .uImage, "byte \(index)")
    }
    for length in 4..<image.count { expectRefused(Array(image[..<length]), .uImage) }
  }

  @Test func `a UF2 file gives family and version; missing and damaged blocks are refused`() throws {
    let image = SampleImages.uf2()
    let description = try describe(image)
    #expect(description.format == .uf2 && description.version == "0.1.9" && description.details["family"] == "RP2040")
    #expect(try describe(image + SampleImages.uf2(family: 0xE48B_FF59)).format == .uf2)
    for length in 512..<image.count { expectRefused(Array(image[..<length]), .uf2) }
    for index in 512..<520 {
      var damaged = image
      damaged[index] ^= 1
      expectRefused(damaged, .uf2)
    }
  }

  @Test func `Intel HEX is checked to its end record`() throws {
    let image = SampleImages.intelHex()
    let description = try describe(image)
    #expect(description.format == .intelHex)
    #expect(description.details == ["base": "0x10000010", "length": "4"])
    for index in 17..<(image.count - 2) {
      var damaged = image
      damaged[index] ^= 0x01
      if damaged[index] == 0x0B || image[index] == 0x0D { continue }
      #expect(throws: ImageFormatError.self, "byte \(index)") { try describe(damaged) }
    }
    expectRefused(Array(image[..<(17 + 21)]), .intelHex)
    expectRefused(image + Array(":00000001FF\n".utf8), .intelHex)
    expectRefused(image + image, .intelHex)
    // Records of Universal Hex, and those that editors put behind the end.
    let other = Array(SampleImages.hexLine([4, 0, 0, 0x0A, 0x99, 0, 0xC0, 0xDE]).utf8)
    #expect(try describe(other + image + other).details["length"] == "4")
  }

  @Test func `S-records are checked to their end record and their count`() throws {
    let image = SampleImages.sRecord()
    let description = try describe(image)
    #expect(description.format == .sRecord)
    #expect(description.details == ["base": "0x0", "length": "16", "name": "HDR"])
    for index in 17..<(image.count - 1) {
      var damaged = image
      damaged[index] ^= 0x02
      // The digit of the type is in no check sum: an S1 that became an S3 is a record of its own.
      if image[index - 1] == UInt8(ascii: "S") { continue }
      #expect(throws: ImageFormatError.self, "byte \(index)") { try describe(damaged) }
    }
    let lines = String(decoding: image, as: UTF8.self).split(separator: "\n")
    expectRefused(Array((lines[0] + "\n" + lines[2] + "\n" + lines[3]).utf8), .sRecord)
    expectRefused(Array((lines[0] + "\n" + lines[1] + "\n").utf8), .sRecord)
    // Either end is enough.
    #expect(try describe(Array((lines[0] + "\n" + lines[1] + "\n" + lines[2] + "\n").utf8)).format == .sRecord)
    #expect(try describe(Array((lines[0] + "\n" + lines[1] + "\n" + lines[3] + "\n").utf8)).format == .sRecord)
  }

  @Test func `text that only looks like a record is raw`() throws {
    for text in [":", ":\n", ":00\n", "S\n", "S1\n", "S10\n", ":00000001FE\n", "S9030000FD\n", "S4030000FC\n", "hello\n"] {
      #expect(try describe(Array(text.utf8)).format == .raw)
    }
  }

  @Test func `a FIT is one only with images, and its SHA-256 is checked`() throws {
    let image = SampleImages.fit()
    let description = try describe(image)
    #expect(description.format == .fit)
    #expect(description.details == ["description": "board 1.2.3", "images": "fw-1"])
    expectRefused(SampleImages.fit(digest: [UInt8](repeating: 0, count: 32)), .fit)
    for length in 40..<image.count { expectRefused(Array(image[..<length]), .fit) }
    var other = image
    let place = try #require(image.indices.first { image[$0...].starts(with: "images".utf8) })
    other.replaceSubrange(place..<(place + 6), with: "others".utf8)
    #expect(try describe(other).format == .raw)
  }

  @Test(arguments: [
    ("software = { version = \"2.0.1\"; };\n", "2.0.1"),
    ("software:{images:({version=\"9\";});/* version = \"8\" */ version : \"2.0.1\"}", "2.0.1"),
    ("// version = \"1\"\n# version\nsoftware = {\n  name = \"version\"; version = \"3\\\"4\"; };", "3\"4"),
    (#"{"software": {"images": [{"version": "9"}], "version": "2.0.1"}}"#, "2.0.1"), ("software = { };", nil), ("", nil),
    ("software = { version = \"", nil), ("}}}} version = \"1\"; {{{{", nil), ("/* software = { version = \"1\" }", nil),
  ])
  func `the version of an SWUpdate package is the software's, not an image's`(text: String, version: String?) throws {
    let description = try describe(SampleImages.swu(text))
    #expect(description.format == .swu)
    #expect(description.version == version)
  }

  @Test func `an SWUpdate package with a wrong sum or without its end is refused`() throws {
    let image = SampleImages.swu()
    let content = try #require(image.indices.first { image[$0...].starts(with: "software".utf8) })
    var damaged = image
    damaged[content] ^= 1
    expectRefused(damaged, .swu)
    // The last four bytes are padding and the zero behind the trailer's name.
    for length in 128..<(image.count - 4) { expectRefused(Array(image[..<length]), .swu, "\(length) bytes") }
  }

  @Test func `any byte changed and any length cut gives an answer or an error of this room, never a crash`() {
    var random = SeededGenerator(seed: 7)
    let images = [
      SampleImages.esp(), SampleImages.esp8266(), SampleImages.mcuboot(), SampleImages.dfu([1]), SampleImages.uImage(),
      SampleImages.uf2(), SampleImages.intelHex(), SampleImages.sRecord(), SampleImages.swu(), SampleImages.fit(),
      SampleImages.rauc(), SampleImages.encryptedRAUC(), SWUpdatePackageTests.image,
      SampleImages.mender(), SampleImages.nordicZip(),
    ]
    func check(_ bytes: [UInt8]) {
      do { _ = try describe(bytes) } catch { #expect(error is ImageFormatError, "\(error)") }
    }
    for image in images {
      for length in 0...image.count { check(Array(image[..<length])) }
      for index in image.indices {
        var damaged = image
        damaged[index] = UInt8.random(in: 0...255, using: &random)
        check(damaged)
      }
      for _ in 0..<200 {
        var damaged = image
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          damaged[Int.random(in: 0..<min(image.count, 160), using: &random)] =
            [0, 0xFF, 0x7F, 0x80].randomElement(using: &random) ?? 0
        }
        check(damaged)
      }
    }
  }
}
