import ArgumentParser

/// A share as people write it: `10%`, `0.5%`.
struct ShareArgument: ExpressibleByArgument, Sendable, Equatable {
  /// 0 to 1.
  let share: Double

  init(_ share: Double) { self.share = share }

  init?(argument: String) {
    let digits = argument.dropLast()
    guard argument.last == "%", digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }), let number = Double(digits),
      (0...100).contains(number)
    else { return nil }
    share = number / 100
  }

  var defaultValueDescription: String { "\(share * 100)%" }
}
