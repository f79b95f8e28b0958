import Domain
import TestSupport
import Testing

@testable import FirmwareService

@Suite("A packed standing") struct PackedStandingTests {
  private static let numbers: [Int64] = [0, 1, -1, 63, 64, -65, 8191, 8192, 1_750_000_000_000, .max, .min]
  private static let texts = ["", "a", "2024.0.1", "größer", String(repeating: "x", count: 200), "\u{0}\u{7F}", "e\u{301}"]

  private static func optional<Value>(_ values: [Value], _ random: inout SeededGenerator) -> Value? {
    Bool.random(using: &random) ? values.randomElement(using: &random) : nil
  }

  private static func time(_ random: inout SeededGenerator) -> Timestamp {
    Timestamp(milliseconds: numbers.randomElement(using: &random)!)
  }

  private static func installation(_ random: inout SeededGenerator) -> Installation {
    let times = numbers.map { Timestamp(milliseconds: $0) }
    return Installation(
      firmwareID: numbers.randomElement(using: &random)!, rolloutID: optional(numbers, &random),
      state: InstallationState.allCases.randomElement(using: &random)!, since: time(&random),
      installedAt: optional(times, &random), bootAtInstall: optional(texts, &random),
      otherVersionSaidAt: optional(times, &random), code: optional(texts, &random), message: optional(texts, &random),
      bytesServed: numbers.randomElement(using: &random)!, attempts: Int.random(in: 0...300, using: &random))
  }

  static func standing(_ random: inout SeededGenerator) -> ThingStanding {
    let times = numbers.map { Timestamp(milliseconds: $0) }
    return ThingStanding(
      thingID: numbers.randomElement(using: &random)!, publicID: texts.randomElement(using: &random)!,
      modelID: numbers.randomElement(using: &random)!,
      mcus: (0..<Int.random(in: 0...3, using: &random)).map { _ in
        MCUStanding(
          mcuID: numbers.randomElement(using: &random)!, running: optional(texts, &random), boot: optional(texts, &random),
          reportedAt: optional(times, &random), firmwareID: optional(numbers, &random))
      },
      installations: (0..<Int.random(in: 0...3, using: &random)).map { _ in installation(&random) },
      deliveries: (0..<Int.random(in: 0...3, using: &random)).map { _ in
        Delivery(
          rolloutID: numbers.randomElement(using: &random)!, stage: Int.random(in: 0...200, using: &random),
          state: DeliveryState.allCases.randomElement(using: &random)!, reason: texts.randomElement(using: &random)!,
          since: time(&random), consentAt: optional(times, &random),
          previous: (0..<Int.random(in: 0...2, using: &random)).map { _ in
            RolloutItem(mcuID: numbers.randomElement(using: &random)!, firmwareID: numbers.randomElement(using: &random)!)
          }, isPardoned: Bool.random(using: &random))
      })
  }

  @Test func `is unpacked as it was`() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<3000 {
      let standing = Self.standing(&random)
      let packed = PackedStanding(standing)
      let unpacked = packed.standing(of: standing.thingID)
      #expect(unpacked == standing)
      // Swift takes texts of other bytes for the same.
      #expect(unpacked.publicID.utf8.elementsEqual(standing.publicID.utf8))
      for id in Self.numbers { #expect(packed.hasDelivery(of: id) == standing.deliveries.contains { $0.rolloutID == id }) }
    }
  }
}
