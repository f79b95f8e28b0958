import Catalog
import Domain
import Foundation

/// The rule for the names of collections and the keys of objects, and where a user's collection is.
enum CollectionName {
  static let longest = 128

  /// A collection of a user.
  static func collection(_ name: String, of user: SessionUser) throws -> ClassCollection {
    ClassCollection(userID: user.userID, name: try checked(name, "collection"))
  }

  /// A key as it is stored.
  static func key(_ key: String) throws -> String { try checked(key, "_id") }

  /// Names that Unicode calls equal are one name.
  private static func checked(_ name: String, _ field: String) throws -> String {
    let name = name.precomposedStringWithCanonicalMapping
    guard PrintableText.isName(name, longest: longest) else {
      throw ServiceError(.malformed, "\(field): 1 to \(longest) printable characters are needed")
    }
    return name
  }

  /// The key that a body names: a number is taken as its text. Nil where it names none.
  static func key(in members: [String: JSONValue]) throws -> String? {
    switch members["_id"] {
    case nil: nil
    case .string(let text): try key(text)
    case .integer(let number): String(number)
    case .null, .bool, .number, .array, .object: throw ServiceError(.malformed, "_id: a text is needed")
    }
  }
}
