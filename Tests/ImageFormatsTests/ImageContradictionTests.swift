import Domain
import ImageFormats
import Testing

@Suite struct ImageContradictionTests {
  private func find(
    _ format: ImageFormat, _ stated: String?, _ declared: String, chip: String? = nil, mcu: String = "nRF52840"
  ) throws -> [ImageContradiction] {
    let description = ImageDescription(format: format, version: stated, details: chip.map { ["chip": $0] } ?? [:])
    return ImageContradiction.find(in: description, declared: try declaration(mcu: mcu, version: declared))
  }

  private func declaration(
    model: String = "GreatFET One", mcu: String, version: String, others: [String] = []
  ) throws -> ImageDeclaration {
    ImageDeclaration(
      model: model, microcontroller: mcu, version: try #require(FirmwareVersion(version)), others: others)
  }

  @Test(arguments: [
    ("esp32c3", "ESP32-C3"), ("esp32c3", "esp32c3-main"), ("esp32c3", "ESP32_C3FH4"), ("esp32c3", "Espressif ESP32-C3-MINI-1"),
    ("esp32c3", "nRF52840"), ("esp32c3", "STM32F407"), ("esp32c3", ""), ("esp32", "ESP32-D0WD-V3"),
    ("esp32", "ESP32-WROOM-32E"),
    ("esp32", "ESP32-PICO-D4"), ("esp32", "esp32 cam"), ("esp32c6", "ESP32-C6 1"), ("esp32c61", "ESP32-C61"),
    ("esp32s31", "esp32-s31"), ("esp32h2", "ESP32-H2-MINI-1"), ("esp8266", "ESP8266EX"), ("esp8266", "ESP8285"),
    ("esp32c3", "ESP-12F"), ("esp32c3", "ESP32-C3 or ESP32-S3"), ("esp32s3", "ESP32-C3 or ESP32-S3"),
  ])
  func `a microcontroller that names the image's chip or none is fine`(chip: String, mcu: String) throws {
    #expect(try find(.espIDF, nil, "1.0", chip: chip, mcu: mcu) == [])
  }

  @Test(arguments: [
    ("esp32c3", "ESP32"), ("esp32", "ESP32-C3"), ("esp32c3", "esp32s3-main"), ("esp32c6", "ESP32-C61"),
    ("esp32c61", "ESP32-C6 1"),
    ("esp32s3", "ESP32-S31"), ("esp32", "ESP8266EX"), ("esp8266", "ESP32-WROOM-32E"), ("esp32s2", "ESP32-C3 or ESP32-S3"),
  ])
  func `a microcontroller that names another chip is a contradiction`(chip: String, mcu: String) throws {
    #expect(try find(.espIDF, nil, "1.0", chip: chip, mcu: mcu) == [.chip(image: chip, declared: mcu)])
  }

  @Test(arguments: [
    ("1.4.2+7", "1.4.2+7"), ("1.4.2+7", "1.4.2"), ("1.4.2+7", "v1.4.2"), ("1.4.2+7", "1.4.2.7"), ("1.4.2", "1.4.2+9"),
    ("1.4.2+7", "1.4.2-rc1"), ("1.4.2+7", "1.4.2+abc"), ("1.4.0", "1.4"), ("0.0.0", "3.1.4"), ("24.0.4", "2024.0.4"),
    ("1.4.2", "7"),
    ("1.4.2", "spring release"), ("1.4.2", "1f5d945af"), ("1.4.2+7", "1.4.2.7.9"), ("1.4.2", "99999999999999999999.1"),
    ("1.4.2", "v"),
    ("1.4.2", "1..2"), ("1.4.2", "+"),
  ])
  func `an MCUboot version that may be the declared one is fine`(stated: String, declared: String) throws {
    #expect(try find(.mcuboot, stated, declared) == [])
  }

  @Test(arguments: [
    ("1.4.2+7", "1.4.3"), ("1.4.2+7", "v1.5.2"), ("1.4.2+7", "1.4.2+8"), ("1.4.2+7", "1.4.2.8"), ("1.4.2", "1.4"),
    ("1.4.2", "2.0.0-rc1"),
  ])
  func `an MCUboot version that can not be the declared one is a contradiction`(stated: String, declared: String) throws {
    #expect(try find(.mcuboot, stated, declared) == [.version(image: stated, declared: declared)])
  }

  @Test(arguments: [
    ("1.4.2", "v1.4.2"), ("v1.4", "1.4.0"), ("1", "2.0"), ("main", "2.0"), ("v1.4.2-3-gabc1234", "1.4.3"),
    ("v1.4.2-dirty", "1.4.3"),
    ("v1.4.2-3-gabc1234-dirty", "1.4.3"), ("1.4.2", "spring release"), ("1.0.0-abcdefghijklmnopqrstuvwxy", "1.0.0"),
    ("1.4.2+a", "1.4.2+b"),
  ])
  func `an ESP-IDF version that is free text or equal is fine`(stated: String, declared: String) throws {
    #expect(try find(.espIDF, stated, declared) == [])
  }

  @Test(arguments: [("1.4.2", "1.4.3"), ("v1.10", "1.9"), ("2021.02.1", "2021.02.2"), ("1.4.2-rc1", "1.4.2")])
  func `an ESP-IDF version that clearly differs is a contradiction`(stated: String, declared: String) throws {
    #expect(try find(.espIDF, stated, declared) == [.version(image: stated, declared: declared)])
  }

  @Test(arguments: [
    ("1.4.2", "v1.4.2"), ("v1.4", "1.4.0"), ("7", "7"), ("07", "7"), ("1.4.2", "7"), ("7", "1.4.2"), ("spring", "autumn"),
    ("v1.4.2-3-gabc1234", "1.4.3"), ("1.4.2-dirty", "1.4.3"),
    ("1.0.0-abcdefghijklmnopqrstuvwxyz", "1.0.0-abcdefghijklmnopqrstuvwxyz"), ("2024.1-rc1", "2024.1"), ("٣", "4"),
  ])
  func `a package's version that may be the declared one is fine`(stated: String, declared: String) throws {
    for format in [ImageFormat.swu, .rauc] { #expect(try find(format, stated, declared) == []) }
  }

  @Test(arguments: [("2.0.0", "1.0.0"), ("1.4.2", "1.4.2.1"), ("7", "8"), ("1.4.2-rc1", "1.4.2"), ("v2.0", "2.1.0")])
  func `a package's version that clearly differs is a contradiction`(stated: String, declared: String) throws {
    for format in [ImageFormat.swu, .rauc] {
      #expect(try find(format, stated, declared) == [.version(image: stated, declared: declared)])
    }
  }

  @Test(arguments: [
    ("greatfet_one", []), ("LPC4330", []), ("sama5-ek, greatfet-one", ["lamp"]), ("a-board-of-its-own", ["lamp", "radio"]),
    ("lamp", ["lamp pro"]), ("greatfet_one, lamp", ["lamp"]), ("---", ["+++"]),
  ])
  func `boards that may be those of the model are fine`(boards: String, others: [String]) throws {
    let declared = try declaration(mcu: "lpc4330", version: "1", others: others)
    let package = ImageDescription(format: .swu, details: ["boards": boards])
    #expect(ImageContradiction.find(in: package, declared: declared) == [])
    let raw = ImageDescription(format: .fit, details: ["boards": "lamp", "compatible": "lamp"])
    #expect(ImageContradiction.find(in: raw, declared: declared) == [])
  }

  @Test func `a package for the board of another model or microcontroller is a contradiction`() throws {
    let declared = try declaration(mcu: "lpc4330", version: "1", others: ["radio", "Lamp"])
    let package = ImageDescription(format: .swu, details: ["boards": "spare, lamp"])
    let found = ImageContradiction.find(in: package, declared: declared)
    #expect(found == [.board(image: "spare, lamp", declared: "GreatFET One, lpc4330")])
    #expect(
      found.map(\.description) == [
        "The package is for the board spare, lamp, but the manifest is for GreatFET One, lpc4330."
      ])
    let bundle = ImageDescription(format: .rauc, details: ["compatible": "Radio"])
    #expect(
      ImageContradiction.find(in: bundle, declared: declared)
        == [.board(image: "Radio", declared: "GreatFET One, lpc4330")])
  }

  @Test func `an image that says nothing contradicts nothing, and other formats' versions are not compared`() throws {
    #expect(try find(.raw, nil, "1.0") == [])
    #expect(try find(.uf2, "2.0.0", "1.0.0") == [])
  }

  @Test func `a contradiction reads as a sentence with both sides`() throws {
    let found = try find(.espIDF, "1.4.2", "1.4.3", chip: "esp32c3", mcu: "ESP32-S3")
    #expect(
      found.map(\.description) == [
        "The image is built for esp32c3, but the model's microcontroller is ESP32-S3.",
        "The image says it is version 1.4.2, but the manifest says 1.4.3.",
      ])
  }
}
