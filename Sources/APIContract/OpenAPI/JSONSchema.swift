public import Domain

/// The little of JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it) that our shapes need.
public indirect enum JSONSchema: Sendable, Equatable {
  case string
  case integer
  case number
  case boolean
  case any
  case text(format: String)
  case choice([String])
  case nullable(JSONSchema)
  case either([JSONSchema])
  case array(JSONSchema)
  case map(JSONSchema)
  case object([String: JSONSchema], required: [String])

  static func object(_ properties: [String: JSONSchema]) -> JSONSchema { .object(properties, required: []) }

  /// The schema as JSON.
  public var json: JSONValue {
    switch self {
    case .string: type("string")
    case .integer: type("integer")
    case .number: type("number")
    case .boolean: type("boolean")
    case .any: .object([:])
    case .text(let format): .object(["type": .string("string"), "format": .string(format)])
    case .choice(let values): .object(["type": .string("string"), "enum": .array(values.map(JSONValue.string))])
    case .nullable(let schema): .object(["anyOf": .array([schema.json, type("null")])])
    case .either(let schemas): .object(["anyOf": .array(schemas.map(\.json))])
    case .array(let items): .object(["type": .string("array"), "items": items.json])
    case .map(let values): .object(["type": .string("object"), "additionalProperties": values.json])
    case .object(let properties, let required):
      .object([
        "type": .string("object"), "properties": .object(properties.mapValues(\.json)),
        "required": .array(required.sorted().map(JSONValue.string)),
      ])
    }
  }

  private func type(_ name: String) -> JSONValue { .object(["type": .string(name)]) }
}

/// Where the schema of a body comes from.
public enum SchemaSource: Sendable {
  case shape(any (Decodable & Sendable).Type)
  case fixed(JSONSchema)

  public var schema: JSONSchema {
    switch self {
    case .shape(let shape): SchemaProbe.schema(of: shape)
    case .fixed(let schema): schema
    }
  }
}
