import Domain

/// Checks a JSON value against a schema of our OpenAPI document: the little of JSON Schema that it uses, and stricter in one
/// point, since members that the schema does not name are faults too.
enum SchemaCheck {
  /// - Returns: what does not fit, in words; empty when the value fits.
  static func faults(of value: JSONValue, against schema: JSONValue, at place: String = "$") -> [String] {
    if case .array(let choices)? = schema["anyOf"] {
      let all = choices.map { faults(of: value, against: $0, at: place) }
      return all.contains([]) ? [] : all.flatMap { $0 }
    }
    if case .array(let allowed)? = schema["enum"], !allowed.contains(value) { return ["\(place): is none of the choices"] }
    switch (schema["type"]?.text, value) {
    case (nil, _), ("string", .string), ("integer", .integer), ("number", .integer), ("number", .number), ("boolean", .bool),
      ("null", .null):
      return []
    case ("array", .array(let items)):
      guard let itemSchema = schema["items"] else { return ["\(place): the schema has no items"] }
      return items.enumerated().flatMap { faults(of: $1, against: itemSchema, at: "\(place)[\($0)]") }
    case ("object", .object(let members)): return faults(ofMembers: members, against: schema, at: place)
    default: return ["\(place): has the wrong type"]
    }
  }

  private static func faults(ofMembers members: [String: JSONValue], against schema: JSONValue, at place: String) -> [String] {
    if let values = schema["additionalProperties"] {
      return members.flatMap { faults(of: $1, against: values, at: "\(place).\($0)") }
    }
    guard case .object(let properties)? = schema["properties"] else { return ["\(place): the schema has no properties"] }
    var found: [String] = []
    if case .array(let required)? = schema["required"] {
      found += required.compactMap(\.text).filter { members[$0] == nil }.map { "\(place).\($0): is missing" }
    }
    for (name, value) in members {
      guard let property = properties[name] else {
        found.append("\(place).\(name): is not in the document")
        continue
      }
      found += faults(of: value, against: property, at: "\(place).\(name)")
    }
    return found
  }
}
