import Domain

extension ExpressionParser {
  /// Reads a selector.
  mutating func attribute() throws(ExpressionError) -> ThingAttribute {
    let start = cursor.offset
    let names = try selectorNames()
    let selector = names[0].text
    if names.count == 1 {
      if let attribute = Self.simple[selector] { return attribute }
      guard !Self.compound.contains(selector) else {
        throw cursor.error("a name is missing: \(selector == "mcu" ? "mcu.NAME.version" : "\(selector).NAME")")
      }
    } else if Self.simple[selector] != nil {
      throw cursor.error("\(selector) has no parts", at: names[1].start)
    }
    let path = names.dropFirst().map(\.text)
    switch selector {
    case "mcu":
      guard path.count == 2, path[1] == "version", !path[0].isEmpty else {
        throw cursor.error("of an MCU there is mcu.NAME.version only; a name with dots is in quotes", at: start)
      }
      return .mcuVersion(path[0])
    case "resource": return .resource(try key(path, at: names[1].start))
    case "age": return .age(try key(path, at: names[1].start))
    case "setting": return .setting(path)
    case "description": return .description(path)
    default:
      throw cursor.error("there is no \(names[0].shown): an expression asks for \(Self.list)", at: start)
    }
  }

  private static let simple: [String: ThingAttribute] = [
    "id": .id, "controllerId": .controllerID, "model": .model, "tag": .tag, "activatedAt": .activatedAt,
    "lastSeen": .lastSeen, "owner": .owner, "linked": .linked, "geo": .geo,
  ]
  private static let compound: Set<String> = ["mcu", "resource", "age", "setting", "description"]
  private static let list =
    "id, controllerId, model, mcu.NAME.version, tag, resource.KEY, setting.NAME, description.NAME, activatedAt, lastSeen, "
    + "owner, linked, geo or age.KEY"

  private func key(_ path: [String], at start: Int) throws(ExpressionError) -> String {
    let key = path.joined(separator: ".")
    guard ResourceKey.isKey(key) else {
      throw cursor.error(
        key.hasPrefix(ResourceKey.settings)
          ? "settings are asked for by setting.NAME" : "a resource has at most 128 letters, digits, `.`, `-` and `_`",
        at: start)
    }
    return key
  }

  /// Reads names with dots between them, at least one.
  private mutating func selectorNames() throws(ExpressionError) -> [WrittenText] {
    var names: [WrittenText] = []
    repeat {
      if let quote = cursor.next, Self.isQuote(quote) {
        names.append(try quotedText())
        guard names.last?.text.isEmpty == false else { throw cursor.error("a name is empty", at: names.last?.start) }
      } else {
        names.append(try plainName(isFirst: names.isEmpty))
      }
    } while cursor.take(UInt8(ascii: "."))
    guard let byte = cursor.next, !TextCursor.isBlank(byte), !"=!<>();,".utf8.contains(byte) else { return names }
    throw cursor.error("a name with \(cursor.character) in it must be in quotes")
  }

  private mutating func plainName(isFirst: Bool) throws(ExpressionError) -> WrittenText {
    let start = cursor.offset
    let name = cursor.text(while: ThingAttribute.isPlain)
    guard !name.isEmpty else {
      throw cursor.error(isFirst ? "a comparison is missing" : "a name is missing after the dot")
    }
    return WrittenText(text: name, pieces: [Array(name.utf8)], isVerbatim: true, start: start)
  }
}
