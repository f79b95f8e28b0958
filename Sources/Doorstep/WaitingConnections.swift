/// The connections that wait for their clients, the one that was heard of longest ago first. A connection costs no memory of
/// its own: its number is its place.
struct WaitingConnections {
  private struct Place {
    var before: CInt = -1
    var behind: CInt = -1
    /// In nanoseconds; nil where it is not among them.
    var since: UInt64?
  }

  private var places: [Place] = []
  /// The one that waits longest; -1 where there is none.
  private(set) var oldest: CInt = -1
  private var newest: CInt = -1

  /// Since when the oldest waits; nil where there is none.
  var waitingSince: UInt64? { oldest < 0 ? nil : places[Int(oldest)].since }

  /// Adds one that does not wait yet.
  mutating func append(_ connection: CInt, at now: UInt64) {
    while places.count <= connection { places.append(Place()) }
    places[Int(connection)] = Place(before: newest, behind: -1, since: now)
    if newest < 0 { oldest = connection } else { places[Int(newest)].behind = connection }
    newest = connection
  }

  /// Takes out one that waits.
  mutating func remove(_ connection: CInt) {
    let place = places[Int(connection)]
    if place.before < 0 { oldest = place.behind } else { places[Int(place.before)].behind = place.behind }
    if place.behind < 0 { newest = place.before } else { places[Int(place.behind)].before = place.before }
    places[Int(connection)] = Place()
  }
}
