/// Makes shapes of JSON that has been read already. It decodes what `JSONDecoder` decodes, with the same errors, and takes a
/// member that may be of any type as it is.
public enum JSONValueDecoder {
  /// - Throws: `DecodingError` with the place of what is missing or has the wrong type.
  public static func decode<Shape: Decodable>(_ shape: Shape.Type, from value: JSONValue) throws -> Shape {
    try Node(value: value, path: nil).decode(shape)
  }
}

/// The way to a value: the keys are put together only for an error.
private final class Path {
  let parent: Path?
  let key: any CodingKey

  init(_ parent: Path?, _ key: any CodingKey) {
    self.parent = parent
    self.key = key
  }

  static func keys(of path: Path?) -> [any CodingKey] { path.map { keys(of: $0.parent) + [$0.key] } ?? [] }
}

private struct Index: CodingKey {
  let intValue: Int?
  var stringValue: String { "Index \(intValue ?? 0)" }

  init(intValue: Int) { self.intValue = intValue }
  init?(stringValue: String) { nil }
}

/// A value with the way to it.
private struct Node: Decoder, SingleValueDecodingContainer {
  let value: JSONValue
  let path: Path?

  var codingPath: [any CodingKey] { Path.keys(of: path) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let members) = value else { throw mismatch([String: Any].self, "an object is needed") }
    return KeyedDecodingContainer(Members<Key>(members: members, path: path))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else { throw mismatch([Any].self, "an array is needed") }
    return Elements(elements: elements, path: path)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { value == .null }

  func decode<Shape: Decodable>(_ shape: Shape.Type) throws -> Shape {
    if shape == JSONValue.self, let value = value as? Shape { return value }
    if shape == String.self {
      if case .string(let text) = value, let text = text as? Shape { return text }
    } else if shape == Bool.self {
      if case .bool(let flag) = value, let flag = flag as? Shape { return flag }
    } else if let shape = shape as? any FixedWidthInteger.Type {
      return try integer(shape, as: Shape.self)
    } else if let shape = shape as? any BinaryFloatingPoint.Type {
      return try floatingPoint(shape, as: Shape.self)
    } else {
      return try Shape(from: self)
    }
    throw mismatch(shape, "has another type")
  }

  private func integer<Shape>(_ type: any FixedWidthInteger.Type, as shape: Shape.Type) throws -> Shape {
    let number: (any FixedWidthInteger)?
    switch value {
    case .integer(let whole): number = type.init(exactly: whole)
    case .number(let value): number = type.init(exactly: value)
    default: throw mismatch(shape, "a number is needed")
    }
    guard let number = number as? Shape else {
      throw DecodingError.dataCorrupted(context("the number \(value.json) does not fit"))
    }
    return number
  }

  private func floatingPoint<Shape>(_ type: any BinaryFloatingPoint.Type, as shape: Shape.Type) throws -> Shape {
    let number: any BinaryFloatingPoint
    switch value {
    case .integer(let whole): number = type.init(whole)
    case .number(let value): number = type.init(value)
    default: throw mismatch(shape, "a number is needed")
    }
    guard let number = number as? Shape else { throw mismatch(shape, "a number is needed") }
    return number
  }

  private func mismatch(_ type: Any.Type, _ description: String) -> DecodingError {
    value == .null ? .valueNotFound(type, context("is null")) : .typeMismatch(type, context(description))
  }

  private func context(_ description: String) -> DecodingError.Context {
    DecodingError.Context(codingPath: codingPath, debugDescription: description)
  }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: [String: JSONValue]
  let path: Path?

  var codingPath: [any CodingKey] { Path.keys(of: path) }
  var allKeys: [Key] { members.keys.compactMap(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }

  private func node(_ key: Key) throws -> Node {
    guard let value = members[key.stringValue] else {
      throw DecodingError.keyNotFound(key, DecodingError.Context(codingPath: codingPath, debugDescription: "is missing"))
    }
    return Node(value: value, path: Path(path, key))
  }

  func decodeNil(forKey key: Key) throws -> Bool { try node(key).decodeNil() }

  func decode<Shape: Decodable>(_ shape: Shape.Type, forKey key: Key) throws -> Shape { try node(key).decode(shape) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try node(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try node(key).unkeyedContainer() }

  func superDecoder() throws -> any Decoder { Node(value: .object(members), path: path) }

  func superDecoder(forKey key: Key) throws -> any Decoder { try node(key) }
}

private struct Elements: UnkeyedDecodingContainer {
  let elements: [JSONValue]
  let path: Path?
  private(set) var currentIndex = 0

  init(elements: [JSONValue], path: Path?) {
    self.elements = elements
    self.path = path
  }

  var codingPath: [any CodingKey] { Path.keys(of: path) }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  private mutating func next<Value>(_ read: (Node) throws -> Value) throws -> Value {
    let path = Path(path, Index(intValue: currentIndex))
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        Value.self, DecodingError.Context(codingPath: Path.keys(of: path), debugDescription: "is missing"))
    }
    let value = try read(Node(value: elements[currentIndex], path: path))
    currentIndex += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, elements[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Shape: Decodable>(_ shape: Shape.Type) throws -> Shape { try next { try $0.decode(shape) } }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try next { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next { try $0.unkeyedContainer() } }

  mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}
