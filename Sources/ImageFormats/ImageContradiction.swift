internal import Domain

/// Something that an image says of itself and that its manifest says otherwise.
///
/// A false refusal blocks an engineer and a wrong acceptance bricks a device, so only statements that cannot both be true
/// count: silence, free text and names that could mean several things contradict nothing.
public enum ImageContradiction: Sendable, Equatable, CustomStringConvertible {
  /// The image is for one chip, the model's microcontroller names another.
  case chip(image: String, declared: String)
  case version(image: String, declared: String)
  /// The package is for boards of which one has the name of something else here, and none that of what it is declared for.
  case board(image: String, declared: String)

  public var description: String {
    switch self {
    case .chip(let image, let declared): "The image is built for \(image), but the model's microcontroller is \(declared)."
    case .version(let image, let declared): "The image says it is version \(image), but the manifest says \(declared)."
    case .board(let image, let declared): "The package is for the board \(image), but the manifest is for \(declared)."
    }
  }

  /// Compares what the image says with what is declared for it.
  ///
  /// Chip: only where the image names a chip of Espressif and the microcontroller's name (`ESP32-C3`, `esp32c3-main`) names one
  /// too. An `esp32` is not an `esp32c3`; a name that names several chips allows each of them.
  ///
  /// Version, of an MCUboot image: compared with declared texts of two to four numbers with dots (`1.4`, `v1.4.2`, `1.4.2.7`,
  /// `1.4.2-rc1+7`). The first three numbers must be equal. The build number (`+7` or a fourth number) must be only where both
  /// have one. A header of 0.0.0 means "not set". Declared numbers that the header's 8, 8 and 16 bits cannot hold are not
  /// compared.
  ///
  /// Version, of an ESP-IDF image: the descriptor is free text, so it is compared only when both texts are SemVer or numbers
  /// with dots, and then by precedence. What `git describe` makes (`v1.4-3-gabc1234`, `…-dirty`), and a text that fills the
  /// field of 31 characters and may be cut, are not compared.
  ///
  /// Version, of an SWUpdate package or a RAUC bundle: as that of an ESP-IDF image, and also when both are whole numbers.
  ///
  /// Board, of the same two: the boards of an SWUpdate package, where everything in it is in a section of some board, and the
  /// `compatible` of a bundle. They are names of an engineer's choice, which no model must have; but where one of them is the
  /// name of another model or of another microcontroller of the same model, and none is that of the model or the
  /// microcontroller declared, the packages were mixed up. Case, blanks and punctuation do not count (`greatfet_one` is
  /// `GreatFET One`).
  /// Revisions (`hardware-compatibility: ["1.0"]`) are the devices' business.
  public static func find(in description: ImageDescription, declared: ImageDeclaration) -> [ImageContradiction] {
    var found: [ImageContradiction] = []
    let microcontroller = declared.microcontroller
    if let name = description.details["chip"], let chip = ESPChip(rawValue: name) {
      let chips = ESPChip.named(in: microcontroller)
      if !chips.isEmpty, !chips.contains(chip) { found.append(.chip(image: name, declared: microcontroller)) }
    }
    if let stated = description.version, contradicts(description.format, stated, declared.version) {
      found.append(.version(image: stated, declared: declared.version.text))
    }
    if let boards = boards(description), isMixedUp(boards, declared) {
      found.append(.board(image: boards.joined(separator: ", "), declared: "\(declared.model), \(microcontroller)"))
    }
    return found
  }

  private static func boards(_ description: ImageDescription) -> [String]? {
    switch description.format {
    case .swu: description.details["boards"]?.split(separator: ", ").map { String($0) }
    case .rauc: description.details["compatible"].map { [$0] }
    default: nil
    }
  }

  private static func isMixedUp(_ boards: [String], _ declared: ImageDeclaration) -> Bool {
    let boards = Set(boards.map(bare))
    if boards.contains(bare(declared.model)) || boards.contains(bare(declared.microcontroller)) { return false }
    return declared.others.contains { boards.contains(bare($0)) }
  }

  /// A name without what people write in different ways.
  private static func bare(_ name: String) -> String {
    let kept = name.lowercased().filter { $0.isLetter || $0.isNumber }
    return kept.isEmpty ? name : kept
  }

  private static func contradicts(_ format: ImageFormat, _ stated: String, _ declared: FirmwareVersion) -> Bool {
    switch format {
    case .mcuboot: mcubootContradicts(stated, declared.text)
    case .espIDF: stated.utf8.count < 31 && stated.contains(".") && textContradicts(stated, declared)
    case .swu, .rauc: textContradicts(stated, declared)
    default: false
    }
  }

  private static func mcubootContradicts(_ stated: String, _ declared: String) -> Bool {
    guard let image = NumberedVersion(stated), let wanted = NumberedVersion(declared), wanted.numbers.count <= 4 else {
      return false
    }
    if image.numbers.allSatisfy({ $0 == 0 }) { return false }
    for (index, limit) in [UInt64(0xFF), 0xFF, 0xFFFF].enumerated() where wanted.number(index) > limit { return false }
    if (0..<3).contains(where: { image.number($0) != wanted.number($0) }) { return true }
    let wantedBuild = wanted.numbers.count == 4 ? wanted.numbers[3] : wanted.build
    guard let build = image.build, let wantedBuild else { return false }
    return build != wantedBuild
  }

  private static func textContradicts(_ stated: String, _ declared: FirmwareVersion) -> Bool {
    guard let image = FirmwareVersion(stated) else { return false }
    let areNumbers = [stated, declared.text].allSatisfy { text in text.allSatisfy { $0.isASCII && $0.isNumber } }
    guard areNumbers || (stated.contains(".") && declared.text.contains(".")) else { return false }
    if stated.hasSuffix("-dirty") || stated.split(separator: "-").last?.hasPrefix("g") == true { return false }
    return [.older, .newer].contains(FirmwareVersion.compare(image, declared))
  }
}

/// A version of at least two numbers with dots, an optional pre-release, and an optional build number; a leading `v` is
/// skipped.
private struct NumberedVersion {
  let numbers: [UInt64]
  let build: UInt64?

  init?(_ text: String) {
    let halves = text.drop { $0 == "v" || $0 == "V" }.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let parts = halves[0].prefix { $0 != "-" }.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Self.number($0) }
    guard numbers.count == parts.count, numbers.count >= 2 else { return nil }
    self.numbers = numbers
    build = halves.count == 2 ? Self.number(halves[1]) : nil
  }

  /// A missing part counts as zero.
  func number(_ index: Int) -> UInt64 { index < numbers.count ? numbers[index] : 0 }

  private static func number(_ text: Substring) -> UInt64? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(text) : nil
  }
}
