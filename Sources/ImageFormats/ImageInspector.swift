/// Finds out what an uploaded image says about itself, and refuses what is damaged. It decides nothing about versions or
/// models.
public enum ImageInspector {
  private typealias Recogniser = @Sendable (ImageReader) throws -> ImageDescription?

  /// Each gives nil for bytes that are not its format, and throws only when magic and structure leave no doubt about it.
  private static let recognisers: [(format: ImageFormat, describe: Recogniser)] = [
    (.espIDF, ESPImage.describe),
    (.esp8266, ESP8266Image.describe),
    (.mcuboot, MCUbootImage.describe),
    (.uf2, UF2File.describe),
    (.intelHex, IntelHexFile.describe),
    (.sRecord, SRecordFile.describe),
    (.uImage, UImage.describe),
    (.fit, FITImage.describe),
    (.swu, SWUpdatePackage.describe),
    (.rauc, RAUCBundle.describe),
    (.mender, MenderArtifact.describe),
    (.nordicZip, NordicPackage.describe),
  ]

  /// Reads headers, and where a format has check sums also the content, in pieces of at most 64 KiB.
  ///
  /// - Returns: a description; unknown bytes are `raw`.
  /// - Throws: `ImageFormatError` for a damaged image of a recognised format, and whatever the image's own reads throw.
  public static func describe(_ image: some ImageBytes) throws -> ImageDescription {
    // A DFU suffix is put behind an image of any other format.
    let suffix = try DFUSuffix.read(ImageReader(image, .dfu))
    for (format, describe) in recognisers {
      if let description = try describe(ImageReader(image, format)) {
        return description.adding(suffix?.details ?? [:])
      }
    }
    return suffix.map { ImageDescription(format: .dfu, details: $0.details) } ?? ImageDescription(format: .raw)
  }
}
