/// What becomes of the updates of a simulated thing.
enum ThingFate: Sendable, Hashable {
  case succeeds
  /// It reports that the install failed, with this code.
  case fails(code: String)
  /// It comes up with what ran before.
  case rollsBack
  /// It is never heard of again after the install.
  case goesSilent

  static let codes = ["flash", "space", "power", "signature"]

  /// As many of each as the shares ask for, in an order that the seed makes.
  static func allot(_ plan: FleetPlan) -> [ThingFate] {
    let count = plan.codes.count
    var numbers = SeededNumbers(seed: plan.seed)
    func many(_ share: Double) -> Int { Int((share * Double(count)).rounded()) }
    var fates = (0..<many(plan.fail)).map { _ in ThingFate.fails(code: codes.randomElement(using: &numbers) ?? codes[0]) }
    fates += Array(repeating: .rollsBack, count: many(plan.rollback))
    fates += Array(repeating: .goesSilent, count: many(plan.silent))
    fates = Array(fates.prefix(count))
    fates += Array(repeating: .succeeds, count: count - fates.count)
    return fates.shuffled(using: &numbers)
  }
}
