import Domain

extension Firmware {
  /// A firmware of which only what decides is of interest.
  static func sample(
    _ version: String, sequence: Int64, id: Int64? = nil, mcu: Int64 = 1, requires: String? = nil,
    isWithdrawn: Bool = false
  ) -> Firmware {
    Firmware(
      id: id ?? sequence, publicID: "f\(id ?? sequence)", modelID: 1, model: "lamp",
      mcuID: mcu, mcu: mcu == 1 ? "main" : "mcu\(mcu)",
      version: FirmwareVersion(version)!, sequence: sequence, digest: ImageDigest(bytes: Array(repeating: 7, count: 32))!,
      size: 100, keyID: "key", format: "raw", formatDetails: [:], createdAt: .start, registeredAt: .start, publishedAt: .start,
      requires: requires, isWithdrawn: isWithdrawn)
  }
}

extension Timestamp {
  static let start = Timestamp(milliseconds: 1_750_000_000_000)
  static func after(milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: start.milliseconds + milliseconds) }
}
