/// The chips of Espressif that an image header or the name of a microcontroller can name.
enum ESPChip: String, CaseIterable {
  case esp8266, esp32, esp32s2, esp32c3, esp32s3, esp32c2, esp32c6, esp32h2, esp32p4, esp32c61, esp32c5, esp32h21, esp32h4
  case esp32e22, esp32s31

  /// - Parameter imageID: the chip id at offset 12 of an ESP-IDF image.
  init?(imageID: UInt16) {
    switch imageID {
    case 0: self = .esp32
    case 2: self = .esp32s2
    case 5: self = .esp32c3
    case 9: self = .esp32s3
    case 12: self = .esp32c2
    case 13: self = .esp32c6
    case 16: self = .esp32h2
    case 18: self = .esp32p4
    case 20: self = .esp32c61
    case 23: self = .esp32c5
    case 25: self = .esp32h21
    case 28: self = .esp32h4
    case 31: self = .esp32e22
    case 32: self = .esp32s31
    default: return nil
    }
  }

  /// The chips that a name like `ESP32-C3`, `esp32_s3-main` or `ESP8266EX` names.
  ///
  /// Separators inside a chip's name are skipped, and a digit right after it makes it another name: `ESP32-C61` is not the C6,
  /// while `ESP32-C6 1` is. `ESP32` alone is meant only where no longer name matches. The ESP8285 runs images of the ESP8266.
  static func named(in name: String) -> Set<ESPChip> {
    let text = Array(name.lowercased().utf8)
    var chips: Set<ESPChip> = []
    for start in text.indices where text[start] == UInt8(ascii: "e") {
      let matching = allCases.filter { names(Array($0.rawValue.utf8), text[start...]) }
      if let longest = matching.max(by: { $0.rawValue.utf8.count < $1.rawValue.utf8.count }) { chips.insert(longest) }
      if names(Array("esp8285".utf8), text[start...]) { chips.insert(.esp8266) }
    }
    return chips
  }

  private static func names(_ chip: [UInt8], _ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    var previous: UInt8?
    for character in chip {
      // Separators stand between letters and digits only.
      if let previous, isDigit(previous) != isDigit(character) { rest = rest.drop { !isDigit($0) && !isLetter($0) } }
      guard rest.first == character else { return false }
      rest = rest.dropFirst()
      previous = character
    }
    return rest.first.map { !isDigit($0) } ?? true
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) || byte >= 128 }
}
