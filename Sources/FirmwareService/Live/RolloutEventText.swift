public import Domain

/// An event of a rollout as it leaves the service: the same JSON for webhooks and for those who listen.
public enum RolloutEventText {
  /// `{"id":1,"event":"halted","rollout":"R","model":"M","at":"…","details":{…}}`: details sorted by name.
  public static func json(_ event: RolloutEvent) -> String {
    json(id: event.id, event.kind.rawValue, event.rolloutID, event.model, event.at, event.details)
  }

  /// What a webhook is sent when somebody tries it.
  static func test(at now: Timestamp) -> String { json(id: 0, "test", "", "", now, [:]) }

  /// As a server-sent event (HTML Living Standard, section 9.2). One that is not stored has no number, so that it is not what a
  /// listener comes back after.
  public static func serverSent(_ event: RolloutEvent) -> [UInt8] {
    let number = event.id > 0 ? "id: \(event.id)\n" : ""
    return Array("\(number)event: \(event.kind.rawValue)\ndata: \(json(event))\n\n".utf8)
  }

  private static func json(
    id: Int64, _ name: String, _ rollout: String, _ model: String, _ at: Timestamp, _ details: [String: String]
  ) -> String {
    let members = details.sorted { $0.key < $1.key }.map { "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))" }
    return """
      {"id":\(id),"event":"\(name)","rollout":\(JSONValue.quoted(rollout)),"model":\(JSONValue.quoted(model)),\
      "at":"\(at.iso8601)","details":{\(members.joined(separator: ","))}}
      """
  }
}
