import Domain

@testable import Rollouts

/// A thing that has what a test gives it.
struct SampleThing: ThingState {
  var values: [ThingAttribute: AttributeValue]

  func value(of attribute: ThingAttribute) -> AttributeValue? { values[attribute] }

  /// One that has everything.
  static let full = SampleThing(values: [
    .id: .text("t-0001"), .controllerID: .text("A4:CF:12:00:00:01"), .model: .text("gateway"),
    .mcuVersion("main"): .version("1.10.0"), .mcuVersion("radio 2"): .version("1f5d945af"),
    .tag: .texts(["beta", "roof top"]), .resource("battery"): .number(42.5), .resource("a.b"): .text("23.00"),
    .resource("padded"): .text("  7.5 "), .resource("mode"): .text("auto"), .resource("on"): .bool(true),
    .resource("said"): .text("true"), .resource("when"): .text("2026-01-31T12:00:00Z"), .resource("point"): .other("{\"x\":1}"),
    .resource("list"): .other("[1]"), .setting(["net", "ssid"]): .text("home"), .setting(["odd name", "x.y"]): .number(-3),
    .description(["hardware", "board"]): .text("rev C"), .activatedAt: .time(Timestamp(iso8601: "2026-01-10T00:00:00Z")!),
    .lastSeen: .time(Timestamp(iso8601: "2026-03-01T12:30:00.500Z")!), .owner: .text("ann@example.org"), .linked: .bool(true),
    .geo: .point(GeographicPoint(latitude: 52.52, longitude: 13.405)!), .age("battery"): .number(600),
  ])

  static let empty = SampleThing(values: [:])
}
