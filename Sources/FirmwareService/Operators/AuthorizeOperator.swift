import Catalog
public import Domain
import Rollouts

/// What an operator asks about: told by the place where the model, or what belongs to it, is named.
public enum Concern: Sendable {
  case model(String)
  case thing(String)
  case firmware(String)
  case rollout(String)
  case controller(String)
}

extension FirmwareService {
  /// - Throws: `forbidden`, naming the role that is needed.
  public func require(_ role: OperatorRole, of person: Operator) throws {
    guard person.role >= role else { throw Self.forbidden(role, person) }
  }

  /// Lets an operator whose token is for some models go on only where they ask about one of these. What does not
  /// exist passes: the verb tells.
  /// - Throws: `forbidden`.
  public func require(_ concern: Concern, in scope: ModelScope) async throws {
    guard scope != .all else { return }
    switch concern {
    case .model(let name): try Self.require(name, in: scope)
    case .thing(let publicID):
      guard let thing = try await translatingErrors({ try await catalog.thing(publicID: publicID) }) else { return }
      try Self.require(modelName(thing.modelID), in: scope)
    case .firmware(let publicID):
      guard let firmware = releases.snapshot.firmwaresByPublicID[publicID] else { return }
      try Self.require(firmware.model, in: scope)
    case .rollout(let publicID):
      guard let rollout = releases.snapshot.rules(publicID: publicID)?.rollout else { return }
      try Self.require(modelName(rollout.modelID), in: scope)
    case .controller(let id):
      guard let controller = try await controller(id) else { return }
      try Self.require(modelName(controller.modelID), in: scope)
    }
  }

  /// - Throws: `forbidden`.
  static func require(_ model: String, in scope: ModelScope) throws {
    guard scope.contains(model) else {
      throw ServiceError(.forbidden, "this token is only for \(text(scope)), not for \(model)")
    }
  }

  /// The row ids of the models of a scope; nil for all.
  func modelIDs(in scope: ModelScope) -> Set<Int64>? {
    let models = releases.snapshot.modelsByName
    return scope.names.map { names in Set(names.compactMap { models[$0]?.id }) }
  }

  static func forbidden(_ needed: OperatorRole, _ person: Operator) -> ServiceError {
    ServiceError(.forbidden, "the role \(needed.rawValue) is needed, and \(person.name) is \(person.role.rawValue)")
  }

  static func text(_ scope: ModelScope) -> String {
    scope.names.map { $0.sorted().joined(separator: ", ") } ?? "all models"
  }
}
