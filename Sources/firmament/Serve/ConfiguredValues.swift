import Configuration
import Foundation
import NIOCore

/// Reads settings as texts and refuses what is not of their kind: a limit that is mistyped must not silently become its
/// default.
struct ConfiguredValues {
  let reader: ConfigReader

  /// A text, or a number or truth value of a configuration file as one; nil where the setting is missing or empty.
  func text(_ key: String) -> String? {
    let text =
      reader.string(forKey: ConfigKey([key])) ?? reader.int(forKey: ConfigKey([key])).map(String.init)
      ?? reader.bool(forKey: ConfigKey([key])).map(String.init)
    return text.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The same for what only whoever it is meant for may read.
  func secret(_ key: String) -> String? {
    reader.string(forKey: ConfigKey([key]), isSecret: true).flatMap { $0.isEmpty ? nil : $0 }
  }

  func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let text = text(key) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw CommandFailure("\(key): \(text) is no whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// `true` or `false`.
  func flag(_ key: String) throws -> Bool? {
    guard let text = text(key) else { return reader.bool(forKey: ConfigKey([key])) }
    switch text.lowercased() {
    case "true", "yes", "1": return true
    case "false", "no", "0": return false
    default: throw CommandFailure("\(key): true or false is needed, not \(text)")
    }
  }

  /// A list, separated by commas.
  func list(_ key: String) -> [String]? {
    text(key)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  /// A time in whole seconds.
  func seconds(_ key: String) throws -> TimeAmount? { try number(key, 1...86_400).map { .seconds(Int64($0)) } }
}
