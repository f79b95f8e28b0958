import ImageFormats
import Testing

@Suite struct MCUbootImageTests {
  private func describe(_ image: [UInt8]) throws -> ImageDescription { try ImageInspector.describe(MemoryImage(image)) }

  @Test func `an image says its version, security counter, digest and signature`() throws {
    let description = try describe(SampleImages.mcuboot())
    #expect(description.format == .mcuboot)
    #expect(description.version == "1.4.2+7")
    #expect(description.details["securityCounter"] == "5")
    #expect(description.details["digest"] == "sha256")
    #expect(description.details["signature"] == "ed25519")
    #expect(description.details["flags"] == "0x0")
  }

  @Test func `a build number of zero is left out`() throws {
    #expect(try describe(SampleImages.mcuboot(version: [255, 254, 0xFF, 0xFF, 0, 0, 0, 0])).version == "255.254.65535")
  }

  @Test func `an image without protected records is accepted`() throws {
    #expect(try describe(SampleImages.mcuboot(counter: nil)).details["securityCounter"] == nil)
  }

  @Test func `padding up to the slot changes nothing`() throws {
    let image = SampleImages.mcuboot()
    #expect(try describe(image + [UInt8](repeating: 0xFF, count: 5000)) == describe(image))
  }

  @Test func `a changed byte in what the digest covers is refused`() {
    let image = SampleImages.mcuboot()
    let hashed = 64 + 200 + 12
    for index in 4..<hashed {
      for mask: UInt8 in [0x01, 0x04, 0x08, 0x80, 0xFF] {
        var damaged = image
        damaged[index] ^= mask
        #expect(throws: ImageFormatError.self, "byte \(index), mask \(mask)") { try describe(damaged) }
      }
    }
  }

  @Test func `a changed digest is refused, a changed signature is the bootloader's to find`() throws {
    let image = SampleImages.mcuboot()
    let records = 64 + 200 + 12
    for index in records..<(records + 8 + 32) {
      var damaged = image
      damaged[index] ^= 0x11
      #expect(throws: ImageFormatError.self, "byte \(index)") { try describe(damaged) }
    }
    var damaged = image
    damaged[image.count - 1] ^= 1
    #expect(try describe(damaged).version == "1.4.2+7")
  }

  @Test func `an image that is cut anywhere is refused`() {
    let image = SampleImages.mcuboot()
    for length in 4..<image.count {
      let error = #expect(throws: ImageFormatError.self, "\(length) bytes") { try describe(Array(image[..<length])) }
      #expect(error?.format == .mcuboot)
    }
  }

  @Test func `sizes up to four gigabytes are refused without a crash`() {
    for size in [0xFFFF_FFFF, 0x7FFF_FFFF, 0xFFFF_FFE0] {
      var image = SampleImages.mcuboot()
      image.replaceSubrange(12..<16, with: SampleImages.little32(size))
      let error = #expect(throws: ImageFormatError.self) { try describe(image) }
      #expect(error?.code == .truncated)
    }
  }

  @Test func `an image without any digest is refused unless it is signed in the pure form`() throws {
    let pure = SampleImages.record(0x25, [1])
    #expect(throws: ImageFormatError.self) { try describe(SampleImages.mcuboot(digest: false)) }
    #expect(try describe(SampleImages.mcuboot(digest: false, trailing: pure)).details["digest"] == nil)
  }

  @Test func `SHA-384 and SHA-512 are named, and must have their length`() throws {
    for (type, length, name) in [(0x11, 48, "sha384"), (0x12, 64, "sha512")] {
      let value = [UInt8](repeating: 1, count: length)
      #expect(
        try describe(SampleImages.mcuboot(digest: false, trailing: SampleImages.record(type, value))).details["digest"] == name)
      let short = SampleImages.record(type, Array(value.dropLast()))
      #expect(throws: ImageFormatError.self) { try describe(SampleImages.mcuboot(digest: false, trailing: short)) }
    }
  }

  @Test func `an encrypted image is accepted with its key record and refused without one`() throws {
    let key = SampleImages.record(0x32, [UInt8](repeating: 1, count: 113))
    var image = SampleImages.mcuboot(flags: 4, trailing: key)
    image[100] ^= 0xFF
    #expect(try describe(image).details["encrypted"] == "true")
    #expect(throws: ImageFormatError.self) { try describe(SampleImages.mcuboot(flags: 4)) }
  }

  @Test func `records that do not fill their area are refused`() {
    for value in [[1], [1, 0], [0x50, 0, 0xFF], [0x50, 0, 0xFF, 0xFF], [0x50, 0, 1, 0]] as [[UInt8]] {
      #expect(throws: ImageFormatError.self) { try describe(SampleImages.mcuboot(trailing: value)) }
    }
  }

  @Test func `compression and the other flags are named`() throws {
    let description = try describe(SampleImages.mcuboot(flags: 0xC10))
    #expect(description.details["compression"] == "lzma2+armthumb")
    #expect(description.details["bootable"] == "false")
  }
}
