import Domain

/// What rules ask of things, as one object for all things of which the same is asked.
final class SharedNeeds: Sendable {
  let needs: FactNeeds
  /// The keys among the needs, which facts name by their places.
  let keys: [String]

  init(_ needs: FactNeeds) {
    self.needs = needs
    keys = needs.keys.sorted()
  }
}

/// What was asked of a thing, and what the answers were: as a row of bytes, read when somebody needs it.
struct KnownFacts {
  let shared: SharedNeeds
  let bytes: ArraySlice<UInt8>

  var needs: FactNeeds { shared.needs }

  /// Each use unpacks them.
  var facts: ThingFacts {
    bytes.withUnsafeBytes { bytes in
      var reader = PackedReader(bytes)
      return reader.facts(shared.keys)
    }
  }

  init(_ shared: SharedNeeds, bytes: ArraySlice<UInt8>) {
    self.shared = shared
    self.bytes = bytes
  }

  init(_ facts: ThingFacts, to shared: SharedNeeds) {
    var writer = PackedWriter()
    writer.append(facts, shared.keys)
    self.init(shared, bytes: writer.bytes[...])
  }
}

/// What stands before a value and tells its type.
private enum PackedType: UInt8 {
  case null, no, yes, integer, number, string, array, object
}

extension PackedWriter {
  fileprivate mutating func append(_ facts: ThingFacts, _ keys: [String]) {
    append(
      flags: facts.activatedAt != nil, facts.lastSeenAt != nil, facts.owner != nil, facts.controllerID != nil)
    if let time = facts.activatedAt { append(time) }
    if let time = facts.lastSeenAt { append(time) }
    if let text = facts.owner { append(text) }
    if let text = facts.controllerID { append(text) }
    append(facts.tags.count)
    for tag in facts.tags { append(tag) }
    append(facts.values.count)
    for (key, value) in facts.values {
      // 0 is before a key that was not asked for.
      let place = keys.firstIndex(of: key).map { $0 + 1 } ?? 0
      append(place)
      if place == 0 { append(key) }
      append(value.datetime)
      append(value.value)
    }
  }

  private mutating func append(_ type: PackedType) { append(type.rawValue) }

  private mutating func append(_ value: JSONValue) {
    switch value {
    case .null: append(PackedType.null)
    case .bool(let flag): append(flag ? PackedType.yes : .no)
    case .integer(let number):
      append(PackedType.integer)
      append(number)
    case .number(let number):
      append(PackedType.number)
      for shift in stride(from: 0, to: 64, by: 8) { append(UInt8(truncatingIfNeeded: number.bitPattern >> UInt64(shift))) }
    case .string(let text):
      append(PackedType.string)
      append(text)
    case .array(let values):
      append(PackedType.array)
      append(values.count)
      for value in values { append(value) }
    case .object(let members):
      append(PackedType.object)
      append(members.count)
      for (name, value) in members {
        append(name)
        append(value)
      }
    }
  }
}

extension PackedReader {
  fileprivate mutating func facts(_ keys: [String]) -> ThingFacts {
    var facts = ThingFacts()
    let flags = byte()
    if flags & 1 != 0 { facts.activatedAt = time() }
    if flags & 2 != 0 { facts.lastSeenAt = time() }
    if flags & 4 != 0 { facts.owner = text() }
    if flags & 8 != 0 { facts.controllerID = text() }
    facts.tags = (0..<count()).map { _ in text() }
    let values = count()
    facts.values.reserveCapacity(values)
    for _ in 0..<values {
      let place = count()
      let key = place == 0 ? text() : keys[place - 1]
      let datetime = time()
      facts.values[key] = .init(value: value(), datetime: datetime)
    }
    return facts
  }

  private mutating func value() -> JSONValue {
    // Nobody but the writer has written it.
    switch PackedType(rawValue: byte())! {
    case .null: return .null
    case .no: return .bool(false)
    case .yes: return .bool(true)
    case .integer: return .integer(number())
    case .number:
      let bits = stride(from: 0, to: 64, by: 8).reduce(0) { $0 | UInt64(byte()) << UInt64($1) }
      return .number(Double(bitPattern: bits))
    case .string: return .string(text())
    case .array: return .array((0..<count()).map { _ in value() })
    case .object:
      let members = (0..<count()).map { _ in (text(), value()) }
      return .object(Dictionary(members, uniquingKeysWith: { $1 }))
    }
  }
}
