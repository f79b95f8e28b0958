public import Domain

/// A number for every state of an installation; zeros are written too.
public struct StateCounts: Codable, Sendable, Hashable {
  private var counts: [InstallationState: Int]

  public init(_ counts: [InstallationState: Int]) { self.counts = counts }

  public subscript(state: InstallationState) -> Int { counts[state, default: 0] }

  private struct StateKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ state: InstallationState) { stringValue = state.rawValue }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: StateKey.self)
    counts = [:]
    for state in InstallationState.allCases { counts[state] = try container.decode(Int.self, forKey: StateKey(state)) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: StateKey.self)
    for state in InstallationState.allCases { try container.encode(self[state], forKey: StateKey(state)) }
  }
}
