import APIClient
import APIContract
import ArgumentParser
import Domain

/// Shows what the things of a model ran over time.
struct FleetVersions: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "versions", abstract: "How many active things of a model ran each version, over time.",
    discussion: """
      The numbers are taken every ten minutes. At most \(VersionSpread.mostSeries) columns: versions that few things ran are \
      counted together as `other`.
      """)

  @Option(help: "The model of the things.") var model: String
  @Option(help: "The MCU. (default: the model's first)") var mcu: String?
  @Option(help: "The first time, such as 2026-12-01T22:00:00Z. (default: seven days before the last)") var from: TimeArgument?
  @Option(help: "The last time. (default: now)") var to: TimeArgument?
  @Option(help: "How many times, evenly spaced, 1 to 500. (default: 60)") var points: Int?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let points, !VersionSpread.points.contains(points) { throw ValidationError("--points is 1 to 500.") }
    if let from, let to, from.time > to.time { throw ValidationError("--from is not after --to.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(
      try await client.versionSpread(model: model, mcu: mcu, from: from?.time, to: to?.time, points: points))
  }
}
