import ImageFormats
import Testing

@Suite struct ESPImageTests {
  @Test func `an application says its chip, version, project and security counter`() throws {
    let description = try ImageInspector.describe(MemoryImage(SampleImages.esp()))
    #expect(description.format == .espIDF)
    #expect(description.version == "1.4.2")
    #expect(description.details["chip"] == "esp32c3")
    #expect(description.details["project"] == "thermostat")
    #expect(description.details["idfVersion"] == "v5.3.1")
    #expect(description.details["securityCounter"] == "3")
    #expect(description.details["hashAppended"] == "true")
  }

  @Test(arguments: [
    (0, "esp32"), (2, "esp32s2"), (5, "esp32c3"), (9, "esp32s3"), (12, "esp32c2"), (13, "esp32c6"), (16, "esp32h2"),
    (18, "esp32p4"),
    (20, "esp32c61"), (23, "esp32c5"), (25, "esp32h21"), (28, "esp32h4"), (31, "esp32e22"), (32, "esp32s31"),
  ])
  func `every chip id has its name`(id: Int, name: String) throws {
    #expect(try ImageInspector.describe(MemoryImage(SampleImages.esp(chip: id))).details["chip"] == name)
  }

  @Test func `a chip that came later is accepted without a name`() throws {
    let description = try ImageInspector.describe(MemoryImage(SampleImages.esp(chip: 99)))
    #expect(description.details["chip"] == nil)
    #expect(description.details["chipId"] == "99")
  }

  @Test func `a bootloader and an image without an appended hash are accepted`() throws {
    let bootloader = try ImageInspector.describe(MemoryImage(SampleImages.esp(descriptor: false)))
    #expect(bootloader.format == .espIDF && bootloader.version == nil && bootloader.details["chip"] == "esp32c3")
    let plain = try ImageInspector.describe(MemoryImage(SampleImages.esp(hash: false)))
    #expect(plain.version == "1.4.2" && plain.details["hashAppended"] == "false")
  }

  @Test(
    arguments: [[UInt8]](
      [[0xE7], Array(repeating: 0xFF, count: 32), Array(repeating: 0, count: 32), Array(repeating: 1, count: 4096)]))
  func `a signature block or padding behind the image changes nothing`(tail: [UInt8]) throws {
    for hash in [true, false] {
      let image = SampleImages.esp(hash: hash)
      #expect(try ImageInspector.describe(MemoryImage(image + tail)) == ImageInspector.describe(MemoryImage(image)))
    }
  }

  @Test func `a changed byte anywhere in an application is refused`() {
    let image = SampleImages.esp()
    // A changed first byte leaves bytes of no known format.
    for index in 1..<image.count {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = image
        damaged[index] ^= mask
        #expect(throws: ImageFormatError.self, "byte \(index), mask \(mask)") {
          try ImageInspector.describe(MemoryImage(damaged))
        }
      }
    }
  }

  @Test func `an application that is cut anywhere is refused once its head is there`() {
    let image = SampleImages.esp()
    for length in 36..<image.count {
      #expect(throws: ImageFormatError.self, "\(length) bytes") {
        try ImageInspector.describe(MemoryImage(Array(image[..<length])))
      }
    }
  }

  @Test func `a wrong check sum is named as one`() throws {
    var image = SampleImages.esp(hash: false)
    image[image.count - 1] ^= 1
    let error = #expect(throws: ImageFormatError.self) { try ImageInspector.describe(MemoryImage(image)) }
    #expect(error?.code == .checksumMismatch)
    #expect(error?.format == .espIDF)
  }

  @Test func `segment lengths up to four gigabytes are refused without a crash`() {
    for length in [0xFFFF_FFFF, 0x7FFF_FFFF, 0x8000_0000] {
      var image = SampleImages.esp()
      image.replaceSubrange(28..<32, with: SampleImages.little32(length))
      #expect(throws: ImageFormatError.self) { try ImageInspector.describe(MemoryImage(image)) }
    }
  }

  @Test func `a version that is no printable text is no version`() throws {
    for version in ["", "\u{1}x", " ", "a\nb"] {
      let description = try ImageInspector.describe(MemoryImage(SampleImages.esp(version: version)))
      #expect(description.version == nil && description.format == .espIDF)
    }
  }

  @Test func `an image of the ESP8266 is not taken for a damaged one of the ESP32`() throws {
    let image = SampleImages.esp8266()
    let description = try ImageInspector.describe(MemoryImage(image))
    #expect(description.format == .esp8266 && description.details["chip"] == "esp8266")
    for length in 0..<image.count { _ = try ImageInspector.describe(MemoryImage(Array(image[..<length]))) }
    var damaged = image
    damaged[20] ^= 1
    #expect(try ImageInspector.describe(MemoryImage(damaged)).format == .raw)
  }
}
