import Domain
import Synchronization

/// The controllers that have come, in memory by their names: filled from the catalog as they come, replaced as each change of
/// one is committed.
final class ControllerTable: Sendable {
  /// A name by its bytes, as the catalog compares it: Swift takes `é` and `e` with an accent behind it for the same.
  private struct Name: Hashable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// The low byte of its FNV-1a: which part of the names it is of.
    var part: Int { Int(FirmwareService.content(text) & 255) }
  }

  /// A controller, with a number that no other state of it has.
  struct Known {
    let controller: Controller
    let revision: UInt64
  }

  private struct State {
    var controllers: [Name: Known] = [:]
    private var revisions: UInt64 = 0
    /// Grows for a part of the names whenever a controller of it changes: what was read before may be older than it.
    var changes = [Int](repeating: 0, count: 256)

    mutating func set(_ controller: Controller, _ name: Name) {
      revisions += 1
      controllers[name] = Known(controller: controller, revision: revisions)
    }
  }

  private let state = Mutex(State())

  subscript(id: String) -> Known? { state.withLock { $0.controllers[Name(text: id)] } }

  /// The controller of a name, read where memory has none.
  func find(_ id: String, _ read: () async throws -> Controller?) async throws -> Controller? {
    let name = Name(text: id)
    while true {
      let (known, before) = state.withLock { ($0.controllers[name], $0.changes[name.part]) }
      if let known { return known.controller }
      guard let found = try await read() else { return nil }
      let isCurrent = state.withLock { state in
        guard state.changes[name.part] == before else { return false }
        state.set(found, name)
        return true
      }
      if isCurrent { return found }
    }
  }

  /// Takes a controller as it was just committed. Called on the catalog's writer, so in the order of the commits.
  func replace(_ controller: Controller?) {
    guard let controller else { return }
    let name = Name(text: controller.controllerID)
    state.withLock { state in
      state.changes[name.part] += 1
      state.set(controller, name)
    }
  }

  func forget(_ id: String) {
    let name = Name(text: id)
    state.withLock { state in
      state.changes[name.part] += 1
      state.controllers[name] = nil
    }
  }

  /// Drops the controller of a thing, which is to be read again.
  func forget(thing thingID: Int64) {
    state.withLock { state in
      // One that is being read now may be the thing's.
      for part in state.changes.indices { state.changes[part] += 1 }
      state.controllers = state.controllers.filter { $0.value.controller.thingID != thingID }
    }
  }
}
