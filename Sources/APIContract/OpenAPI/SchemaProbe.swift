import Domain

/// A decoder that decodes nothing: it lets a shape's own `init(from:)` ask for its members and notes what was asked, so that
/// the OpenAPI document is made of the very types that the server encodes and the client decodes.
struct SchemaProbe: Decoder {
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]
  let note: Note

  /// What has been asked for so far.
  final class Note {
    var schema: JSONSchema = .any
    var properties: [String: JSONSchema] = [:]
    var required: [String] = []
  }

  static func schema(of shape: any Decodable.Type) -> JSONSchema {
    let note = Note()
    _ = try? sample(shape, note: note)
    return note.schema
  }

  /// A value of the type, with the type's schema left in the note. Types with a form of their own say it themselves.
  fileprivate static func sample<Shape: Decodable>(_ shape: Shape.Type, note: Note) throws -> Shape {
    if let described = shape as? any SchemaDescribed.Type {
      note.schema = described.schema
      if let sample = described.schemaSample as? Shape { return sample }
    }
    return try Shape(from: SchemaProbe(note: note))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    note.schema = .object([:], required: [])
    return KeyedDecodingContainer(KeyedProbe<Key>(note: note))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "arrays describe themselves"))
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { SingleProbe(note: note) }
}

/// A type whose schema is not told by its members.
protocol SchemaDescribed {
  static var schema: JSONSchema { get }
  static var schemaSample: Self { get }
}

extension Timestamp: SchemaDescribed {
  static var schema: JSONSchema { .text(format: "date-time") }
  static var schemaSample: Timestamp { Timestamp(milliseconds: 0) }
}

extension ImageDigest: SchemaDescribed {
  static var schema: JSONSchema { .text(format: "sha256") }
  static var schemaSample: ImageDigest { ImageDigest(bytes: Array(repeating: 0, count: 32))! }
}

extension InstallationState: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: InstallationState { .offered }
}

extension DeliveryState: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: DeliveryState { .waiting }
}

extension ThingEvent.Kind: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: ThingEvent.Kind { .created }
}

extension RolloutState: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: RolloutState { .draft }
}

extension RolloutStageState: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: RolloutStageState { .pending }
}

extension OperatorRole: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: OperatorRole { .viewer }
}

extension DeviceDoor.UnknownThings: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: DeviceDoor.UnknownThings { .accept }
}

extension AttributeMode: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: AttributeMode { .merge }
}

extension ActionReport.Execution: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: ActionReport.Execution { .closed }
}

extension ActionReport.Finished: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: ActionReport.Finished { .none }
}

extension DDIConfirmationFeedback.Answer: SchemaDescribed {
  static var schema: JSONSchema { .choice(allCases.map(\.rawValue)) }
  static var schemaSample: DDIConfirmationFeedback.Answer { .confirmed }
}

extension JSONValue: SchemaDescribed {
  static var schema: JSONSchema { .any }
  static var schemaSample: JSONValue { .null }
}

extension PageCursor: SchemaDescribed {
  static var schema: JSONSchema { .nullable(.string) }
  static var schemaSample: PageCursor { PageCursor(nil) }
}

extension SaidVersion: SchemaDescribed {
  static var schema: JSONSchema { .nullable(.string) }
  static var schemaSample: SaidVersion { SaidVersion(nil) }
}

extension Array: SchemaDescribed where Element: Decodable {
  static var schema: JSONSchema { .array(SchemaProbe.schema(of: Element.self)) }
  static var schemaSample: [Element] { [] }
}

extension Dictionary: SchemaDescribed where Key == String, Value: Decodable {
  static var schema: JSONSchema { .map(SchemaProbe.schema(of: Value.self)) }
  static var schemaSample: [String: Value] { [:] }
}

/// What is written as null, in place of being left out.
extension Optional: SchemaDescribed where Wrapped: Decodable {
  static var schema: JSONSchema { .nullable(SchemaProbe.schema(of: Wrapped.self)) }
  static var schemaSample: Wrapped? { .none }
}

extension String: SchemaDescribed {
  static var schema: JSONSchema { .string }
  static var schemaSample: String { "" }
}

extension Bool: SchemaDescribed {
  static var schema: JSONSchema { .boolean }
  static var schemaSample: Bool { false }
}

extension Int: SchemaDescribed {
  static var schema: JSONSchema { .integer }
  static var schemaSample: Int { 0 }
}

extension Int64: SchemaDescribed {
  static var schema: JSONSchema { .integer }
  static var schemaSample: Int64 { 0 }
}

private struct KeyedProbe<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let codingPath: [any CodingKey] = []
  let allKeys: [Key] = []
  let note: SchemaProbe.Note

  func contains(_ key: Key) -> Bool { true }

  func decodeNil(forKey key: Key) -> Bool { false }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try member(type, key, required: true)
  }

  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try member(type, key, required: false)
  }

  // The overloads that synthesized code prefers for these types.
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try member(type, key, required: false) }
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try member(type, key, required: false) }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try member(type, key, required: false) }
  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try member(type, key, required: false) }

  private func member<Value: Decodable>(_ type: Value.Type, _ key: Key, required: Bool) throws -> Value {
    let inner = SchemaProbe.Note()
    let value = try SchemaProbe.sample(type, note: inner)
    note.properties[key.stringValue] = inner.schema
    if required { note.required.append(key.stringValue) }
    note.schema = .object(note.properties, required: note.required)
    return value
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(KeyedProbe<Nested>(note: SchemaProbe.Note()))
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try SchemaProbe(note: note).unkeyedContainer()
  }

  func superDecoder() -> any Decoder { SchemaProbe(note: note) }
  func superDecoder(forKey key: Key) -> any Decoder { SchemaProbe(note: note) }
}

private struct SingleProbe: SingleValueDecodingContainer {
  let codingPath: [any CodingKey] = []
  let note: SchemaProbe.Note

  func decodeNil() -> Bool { false }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try SchemaProbe.sample(type, note: note) }
}
