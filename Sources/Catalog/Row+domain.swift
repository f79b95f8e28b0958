import Domain
import Foundation
import GRDB

/// How columns become values of the domain. A value that the schema should have kept out is an error, never a trap.
extension Row {
  func time(_ column: String) -> Timestamp { Timestamp(milliseconds: self[column]) }

  func optionalTime(_ column: String) -> Timestamp? {
    (self[column] as Int64?).map { Timestamp(milliseconds: $0) }
  }

  func digest(_ column: String) throws -> ImageDigest {
    guard let digest = ImageDigest(hex: self[column] as String) else { throw Self.damaged(column) }
    return digest
  }

  func version(_ column: String) throws -> FirmwareVersion {
    guard let version = FirmwareVersion(self[column] as String) else { throw Self.damaged(column) }
    return version
  }

  /// A column that holds one of a closed list.
  func known<Value: RawRepresentable>(_ column: String, _ type: Value.Type = Value.self) throws -> Value
  where Value.RawValue == String {
    guard let value = Value(rawValue: self[column] as String) else { throw Self.damaged(column) }
    return value
  }

  /// A column that holds a value as JSON.
  func decoded<Value: Decodable>(_ column: String, _ type: Value.Type) throws -> Value {
    do { return try JSONDecoder().decode(type, from: Data((self[column] as String).utf8)) } catch {
      throw Self.damaged(column)
    }
  }

  func bytes(_ column: String) -> [UInt8] { Array(self[column] as Data) }

  func details(_ column: String) -> [String: String] {
    (try? JSONDecoder().decode([String: String].self, from: Data((self[column] as String).utf8))) ?? [:]
  }

  func optionalDetails(_ column: String) -> [String: String]? {
    (self[column] as String?).flatMap { try? JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
  }

  /// A column that holds a JSON array of texts.
  func texts(_ column: String) -> [String] {
    (try? JSONDecoder().decode([String].self, from: Data((self[column] as String).utf8))) ?? []
  }

  /// A column that holds JSON.
  func json(_ column: String) throws -> JSONValue {
    guard let value = try? JSONValue(parsing: self[column] as String) else {
      throw Self.damaged(column)
    }
    return value
  }

  private static func damaged(_ column: String) -> CatalogError {
    CatalogError(.failed, "the column \(column) holds what it never should")
  }
}

/// A JSON text with sorted keys, for columns that hold JSON.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
