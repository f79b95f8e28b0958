import ArgumentParser

/// Rollouts: firmware for a part of the fleet, in stages.
struct RolloutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout", abstract: "Rollouts: deliver firmware in stages, watch it, stop it, take it back.",
    subcommands: [
      RolloutForecast.self, RolloutCreate.self, RolloutStart.self, RolloutPause.self, RolloutResume.self, RolloutCancel.self,
      RolloutRevert.self, RolloutApprove.self, RolloutListing.self, RolloutStatus.self, RolloutThings.self,
    ])
}
