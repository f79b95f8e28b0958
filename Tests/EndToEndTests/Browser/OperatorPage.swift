/// A page of the operators, by its place behind `/#`.
enum OperatorPage: Sendable, Hashable, CustomStringConvertible {
  case fleet, rollouts, newRollout, firmwares, upload, models, codes, users, tokens, webhooks, audit
  /// By id.
  case thing(String), rollout(String), firmware(String)

  /// Those that the navigation leads to, in its order.
  static let main: [OperatorPage] = [
    .fleet, .rollouts, .firmwares, .models, .codes, .users, .tokens, .webhooks, .audit,
  ]

  /// With the `#`.
  var route: String {
    switch self {
    case .fleet: "#/fleet"
    case .thing(let id): "#/things/\(id)"
    case .rollouts: "#/rollouts"
    case .rollout(let id): "#/rollouts/\(id)"
    case .newRollout: "#/rollouts/new"
    case .firmwares: "#/firmwares"
    case .upload: "#/firmwares/upload"
    case .firmware(let id): "#/firmwares/\(id)"
    case .models: "#/models"
    case .codes: "#/codes"
    case .users: "#/users"
    case .tokens: "#/tokens"
    case .webhooks: "#/webhooks"
    case .audit: "#/audit"
    }
  }

  /// The name of its link in the navigation; nil where that does not lead to it.
  var link: String? {
    switch self {
    case .fleet: "Fleet"
    case .rollouts: "Rollouts"
    case .firmwares: "Firmwares"
    case .models: "Models and keys"
    case .codes: "Codes"
    case .users: "Users"
    case .tokens: "Tokens"
    case .webhooks: "Webhooks"
    case .audit: "Audit"
    case .thing, .rollout, .newRollout, .firmware, .upload: nil
    }
  }

  var description: String { route }
}
