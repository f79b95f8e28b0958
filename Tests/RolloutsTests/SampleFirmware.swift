import Domain

extension Firmware {
  /// A firmware of which only what decides is of interest.
  static func sample(_ version: String, sequence: Int64, id: Int64? = nil) -> Firmware {
    Firmware(
      id: id ?? sequence, publicID: "f\(id ?? sequence)", modelID: 1, model: "lamp", mcuID: 1, mcu: "main",
      version: FirmwareVersion(version)!, sequence: sequence, digest: ImageDigest(bytes: Array(repeating: 7, count: 32))!,
      size: 100, keyID: "key", format: "raw", formatDetails: [:], createdAt: .start, registeredAt: .start, publishedAt: .start)
  }
}

extension Timestamp {
  static let start = Timestamp(milliseconds: 1_750_000_000_000)
  static func after(milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: start.milliseconds + milliseconds) }
}
