public import Domain

/// A number for every state; zeros are written too.
public struct CountsByState<State: CaseIterable & RawRepresentable & Hashable & Sendable>: Codable, Sendable, Hashable
where State.RawValue == String {
  private var counts: [State: Int]

  public init(_ counts: [State: Int]) { self.counts = counts }

  public subscript(state: State) -> Int { counts[state, default: 0] }

  public var total: Int { counts.values.reduce(0, +) }

  private struct StateKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ state: State) { stringValue = state.rawValue }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: StateKey.self)
    counts = [:]
    for state in State.allCases { counts[state] = try container.decode(Int.self, forKey: StateKey(state)) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: StateKey.self)
    for state in State.allCases { try container.encode(self[state], forKey: StateKey(state)) }
  }
}

/// How many things are in each state of a firmware.
public typealias StateCounts = CountsByState<InstallationState>

/// How many things are in each state of a rollout.
public typealias DeliveryCounts = CountsByState<DeliveryState>
