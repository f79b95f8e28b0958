import ArgumentParser

/// A length of time as `DurationArgument` has it, or `never`, which is the same as 0.
struct PatienceArgument: ExpressibleByArgument, Sendable {
  let seconds: Int

  init?(argument: String) {
    if argument == "never" {
      seconds = 0
    } else {
      guard let duration = DurationArgument(argument: argument) else { return nil }
      seconds = duration.seconds
    }
  }
}
