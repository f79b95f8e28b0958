import Catalog
import Domain

extension FirmwareService {
  /// Reads a device, its thing and what the rules ask of it into memory, so that its poll can be answered without waiting.
  /// Nothing is noted of it.
  /// - Returns: false for a device that is not let in by what it shows without anything being written.
  public func recollectController(_ controllerID: String, _ credentials: ControllerCredentials) async throws -> Bool {
    guard let thingID = try await controller(controllerID)?.thingID else { return false }
    return try await translatingErrors {
      if case .target(let text) = credentials {
        guard let token = ThingToken(text), try await fleet.identify(token, at: clock()) == thingID else { return false }
      }
      return try await recollect(thingID)
    }
  }
}
