import APIClient

/// What all things of a simulated fleet share.
struct SimulatedWorld: Sendable {
  let client: ThingClient
  let plan: FleetPlan
  let time: SimulationTime
  let tally: FleetTally
}
