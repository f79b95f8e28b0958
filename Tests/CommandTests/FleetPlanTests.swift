import APIContract
import Domain
import Foundation
import Testing

@testable import firmament

@Suite struct FleetPlanTests {
  private func plan(seed: UInt64, count: Int = 200) -> FleetPlan {
    var plan = FleetPlan(codes: (0..<count).map { "c\($0)" })
    plan.seed = seed
    (plan.fail, plan.rollback, plan.silent) = (0.1, 0.05, 0.025)
    return plan
  }

  @Test func `a seed makes the same fates, and the shares are kept to the thing`() {
    let fates = ThingFate.allot(plan(seed: 3))
    #expect(fates == ThingFate.allot(plan(seed: 3)))
    #expect(fates != ThingFate.allot(plan(seed: 4)))
    #expect(fates.count == 200)
    #expect(fates.count { $0 == .rollsBack } == 10)
    #expect(fates.count { $0 == .goesSilent } == 5)
    #expect(fates.count { $0 == .succeeds } == 165)
    let codes = Set(fates.compactMap { fate in if case .fails(let code) = fate { code } else { nil } })
    #expect(codes.count > 1 && codes.isSubset(of: ThingFate.codes))
  }

  @Test func `a seed makes the same batteries and links, a thing its own`() {
    func walk(_ thing: SimulatedThing) -> [String] {
      var senses = thing.senses
      return (0..<500).map { _ in
        _ = senses.move()
        return "\(senses.battery) \(senses.link)"
      }
    }
    let (first, again) = (plan(seed: 5).things(), plan(seed: 5).things())
    #expect(walk(first[0]) == walk(again[0]))
    #expect(walk(first[0]) != walk(first[1]))
    #expect(walk(first[0]) != walk(plan(seed: 6).things()[0]))
    let seen = walk(first[2])
    #expect(Set(seen).count > 20)
    for line in seen {
      let words = line.split(separator: " ")
      #expect((0...100).contains(Int(words[0]) ?? -1) && SimulatedSenses.links.contains(String(words[1])))
    }
  }

  @Test func `what a thing measures is written as battery and link`() {
    let senses = plan(seed: 5).things()[0].senses
    #expect(senses.values.values.map(\.key) == ["battery", "link"])
    #expect(senses.values.values.map(\.value) == [.integer(Int64(senses.battery)), .string(senses.link)])
  }

  @Test func `things run the oldest published version at first, or the one that is named`() throws {
    func firmware(_ mcu: String, _ version: String, _ sequence: Int64, published: Bool = true) throws -> FirmwareShape {
      let digest = try #require(ImageDigest(bytes: [UInt8](repeating: 0, count: 32)))
      let now = Timestamp(milliseconds: 0)
      return FirmwareShape(
        id: "f", model: "m", mcu: mcu, version: version, sequence: sequence, size: 1, sha256: digest, createdAt: now,
        registeredAt: now, publishedAt: published ? now : nil, keyId: "k", format: "raw", formatDetails: [:])
    }
    let model = ModelShape(
      name: "m",
      mcus: ["a", "b", "c"].map { MCUShape(name: $0, newestSequence: 0, moduleType: "application", part: "bApp") },
      numericVersions: false, confirmWithin: 1, createdAt: Timestamp(milliseconds: 0), retention: RetentionShape(),
      fourEyes: false, pollInterval: 300,
      deviceDoor: DeviceDoorShape(unknownThings: .accept, versionAttribute: "sw_version", trustsReports: false))
    let all = try [
      firmware("a", "2", 20), firmware("a", "1", 10), firmware("a", "0", 5, published: false), firmware("b", "7", 1),
    ]
    #expect(FleetPlan.firstVersions(of: model, all, version: nil) == ["a": "1", "b": "7"])
    #expect(FleetPlan.firstVersions(of: model, all, version: "9") == ["a": "9", "b": "9", "c": "9"])
  }

  @Test func `things come in the order of their moments`() {
    let schedule = FleetSchedule(plan(seed: 1, count: 50).things())
    var numbers = SeededNumbers(seed: 9)
    var things: [SimulatedThing] = []
    while let (moment, thing) = schedule.next() {
      #expect(moment == 0)
      things.append(thing)
    }
    #expect(Set(things.map(\.place)) == Set(0..<50))
    let moments = things.map { _ in Double.random(in: 1...9, using: &numbers) }
    for (thing, moment) in zip(things, moments) { schedule.put(thing, at: moment) }
    var taken: [Double] = []
    while let (moment, _) = schedule.next() { taken.append(moment) }
    #expect(taken == moments.sorted())
  }

  @Test(
    arguments: [
      ("10%", 0.1), ("0%", 0), ("100%", 1), ("2.5%", 0.025), ("10", nil), ("101%", nil), ("-1%", nil), ("%", nil),
      ("1e1%", nil),
    ] as [(String, Double?)])
  func `shares are percentages`(text: String, share: Double?) {
    #expect(ShareArgument(argument: text)?.share == share)
  }
}
