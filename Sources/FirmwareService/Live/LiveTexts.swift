public import Domain

/// What listeners are told, as JSON: members in the order of the wire page.
public enum LiveTexts {
  /// All values of one write: `[{"key":"b","value":1,"datetime":"…"}]`; with `thingId` first where listeners may hear
  /// several things.
  static func values(_ values: [StoredValue], thing: String? = nil) -> [UInt8] {
    var text = "["
    for (index, value) in values.enumerated() {
      if index > 0 { text += "," }
      text += thing.map { "{\"thingId\":\"\($0)\"," } ?? "{"
      text += members(of: value)
      text += "}"
    }
    return Array((text + "]").utf8)
  }

  /// The members of one value, without braces.
  public static func members(of value: StoredValue) -> String {
    let geo = value.geo.map { ",\"geo\":\($0)" } ?? ""
    return "\"key\":\(JSONValue.quoted(value.key)),\"value\":\(value.value),\"datetime\":\"\(value.datetime.iso8601)\"\(geo)"
  }
}
