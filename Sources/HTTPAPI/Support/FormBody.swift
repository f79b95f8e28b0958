import Domain

/// A form (`application/x-www-form-urlencoded`) as JSON: `values[0][key]=LED&values[0][value]=ON` is
/// `{"values":[{"key":"LED","value":"ON"}]}`. Values stay texts. Indices from 0 on without a gap make a list, and so does `[]`.
enum FormBody {
  /// The most fields of a form.
  static let mostFields = 1000

  /// - Parameter deepest: how deep objects and lists may be nested.
  /// - Throws: `APIError` (400).
  static func parse(_ bytes: [UInt8], deepest: Int) throws -> JSONValue {
    let root = Node()
    let fields = bytes.split(separator: UInt8(ascii: "&"), maxSplits: mostFields)
    guard fields.count <= mostFields else { throw APIError.malformed("the form has more than \(mostFields) fields") }
    for field in fields {
      let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
      let path = try path(of: try decode(field[..<equals]))
      guard path.count <= deepest else { throw APIError.malformed("the form is nested deeper than \(deepest)") }
      try root.put(try decode(field[equals...].dropFirst()), at: path[...])
    }
    return .object(try root.members.mapValues { try $0.value() })
  }

  private static func decode(_ bytes: ArraySlice<UInt8>) throws -> String {
    let spaced = bytes.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
    guard let text = String(validating: spaced, as: UTF8.self), let decoded = PercentEncoding.decode(text),
      !decoded.utf8.contains(0)
    else { throw APIError.malformed("the form is not percent-encoded UTF-8") }
    return decoded
  }

  /// `a[b][0]` as its parts.
  private static func path(of name: String) throws -> [String] {
    let wrong = APIError.malformed("the form has a field whose name is none")
    guard let open = name.utf8.firstIndex(of: UInt8(ascii: "[")) else {
      guard !name.isEmpty else { throw wrong }
      return [name]
    }
    guard open > name.startIndex, name.utf8.last == UInt8(ascii: "]") else { throw wrong }
    let inner = Array(name.utf8[name.utf8.index(after: open)...].dropLast())
    // Between the brackets of one part no other may stand, and between two parts nothing but `][`.
    let parts = String(decoding: inner, as: UTF8.self).split(separator: "][", omittingEmptySubsequences: false)
    guard !parts.contains(where: { $0.utf8.contains(UInt8(ascii: "[")) || $0.utf8.contains(UInt8(ascii: "]")) }) else {
      throw wrong
    }
    return [String(name[..<open])] + parts.map(String.init)
  }

  /// A place in the tree: a text, or what lies below it.
  private final class Node {
    private var text: String?
    var members: [String: Node] = [:]

    func put(_ value: String, at path: ArraySlice<String>) throws {
      guard let first = path.first else {
        guard text == nil, members.isEmpty else { throw APIError.malformed("the form has a field twice") }
        text = value
        return
      }
      guard text == nil else { throw APIError.malformed("the form has a field that is both a text and an object") }
      let name = first.isEmpty ? String(members.count) : first
      let member = members[name] ?? Node()
      members[name] = member
      try member.put(value, at: path.dropFirst())
    }

    func value() throws -> JSONValue {
      if let text { return .string(text) }
      guard members.keys.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
        return .object(try members.mapValues { try $0.value() })
      }
      return .array(
        try (0..<members.count).map { index in
          guard let member = members[String(index)] else { throw APIError.malformed("the form has a list with gaps") }
          return try member.value()
        })
    }
  }
}
