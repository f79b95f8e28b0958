/// The formats that an uploaded image can be recognised as; the raw value is the name that rows and answers carry.
///
/// `raw` is everything else and is always acceptable: most firmware for microcontrollers has no header at all.
public enum ImageFormat: String, Sendable, Hashable, Codable, CaseIterable {
  case raw
  case espIDF = "esp-idf"
  case esp8266
  case mcuboot
  case uf2
  case dfu
  case intelHex = "intel-hex"
  case sRecord = "s-record"
  case fit
  case uImage = "uimage"
  case swu
  case rauc
  case mender
  case nordicZip = "nordic-zip"
}
