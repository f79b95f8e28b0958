import Domain
import Synchronization

/// The sessions that are in use, in memory: a request of a user need not ask the catalog who that is.
final class SessionTable: Sendable {
  private struct State: Sendable {
    var known: RecentEntries<[UInt8], SessionUser>
    var endings = 0
  }

  private let state: Mutex<State>

  init(capacity: Int) { state = Mutex(State(known: RecentEntries(capacity: capacity))) }

  /// - Returns: the session, if it is in memory and has not expired, and a ticket for `put`.
  func find(_ hash: [UInt8], at now: Timestamp) -> (user: SessionUser?, ticket: Int) {
    state.withLock { state in
      guard let user = state.known[hash] else { return (nil, state.endings) }
      guard user.expiresAt > now else {
        state.known[hash] = nil
        return (nil, state.endings)
      }
      return (user, state.endings)
    }
  }

  /// Takes a session that the catalog gave after `find`, unless any ended in the meantime: it might be that one.
  func put(_ user: SessionUser, ticket: Int) {
    state.withLock { state in
      guard state.endings == ticket else { return }
      state.known[user.sessionHash] = user
    }
  }

  /// Forgets sessions that ended in the catalog.
  func end(_ hashes: [[UInt8]]) {
    state.withLock { state in
      state.endings += 1
      for hash in hashes { state.known[hash] = nil }
    }
  }
}
