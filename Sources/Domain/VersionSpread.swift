/// How many things ran a version on an MCU, from a moment on until the next sample of that version.
public struct VersionSample: Sendable, Hashable {
  public let at: Timestamp
  public let things: Int

  public init(at: Timestamp, things: Int) {
    self.at = at
    self.things = things
  }
}

/// How many things ran each version of an MCU at some moments: samples as step functions, read at these.
///
/// It has at most `mostSeries` series. Where there are more versions, those with the smallest sums over the times are one:
/// `other`. A version of that very name is counted there, too. Versions that no thing ran at any of the times are left out.
public struct VersionSpread: Sendable, Hashable {
  public struct Series: Sendable, Hashable {
    /// Nil for things that never said one.
    public let version: String?
    /// A number for each of the times.
    public let things: [Int]

    public init(version: String?, things: [Int]) {
      self.version = version
      self.things = things
    }

    fileprivate var sum: Int { things.reduce(0, +) }
  }

  /// The name under which versions are counted together.
  public static let other = "other"
  public static let mostSeries = 12
  /// How many times may be asked for.
  public static let points = 1...500
  public static let defaultPoints = 60

  /// Oldest first.
  public let times: [Timestamp]
  /// The largest of the named versions.
  private var named: [Series] = []
  private var folded: [Int]
  private var silent: [Int]

  /// - Parameter times: oldest first.
  public init(times: [Timestamp]) {
    self.times = times
    folded = Array(repeating: 0, count: times.count)
    silent = folded
  }

  /// So many times from `start` to `end`, evenly spaced and each once; the last is `end`, and the first, of two or more, is
  /// `start`.
  public static func times(from start: Timestamp, to end: Timestamp, points: Int) -> [Timestamp] {
    guard points > 1, start < end else { return [end] }
    let (first, length) = (start.milliseconds, end.milliseconds - start.milliseconds)
    let (whole, rest) = length.quotientAndRemainder(dividingBy: Int64(points - 1))
    var times: [Timestamp] = []
    for place in 0..<Int64(points) {
      let time = Timestamp(milliseconds: first + whole * place + rest * place / Int64(points - 1))
      if time != times.last { times.append(time) }
    }
    return times
  }

  /// Takes all samples of a version, oldest first. Before the first there are no things.
  public mutating func add(_ version: String?, _ samples: [VersionSample]) {
    var rest = samples[...]
    var last = 0
    let things = times.map { time in
      while let sample = rest.first, sample.at <= time {
        last = sample.things
        rest.removeFirst()
      }
      return last
    }
    guard things.contains(where: { $0 != 0 }) else { return }
    switch version {
    case nil: Self.add(things, to: &silent)
    case Self.other: Self.add(things, to: &folded)
    case .some:
      named.append(Series(version: version, things: things))
      if named.count > Self.mostSeries { foldSmallest() }
    }
  }

  /// The versions of which each has a series of its own, in no order.
  public var versions: [Series] { settled.named }

  /// What the others are together; nil where there are none.
  public var others: Series? {
    let folded = settled.folded
    return folded.contains { $0 != 0 } ? Series(version: Self.other, things: folded) : nil
  }

  /// The things that never said a version; nil where there are none.
  public var unknown: Series? {
    silent.contains { $0 != 0 } ? Series(version: nil, things: silent) : nil
  }

  /// The same with so many versions folded that all series are few enough.
  private var settled: VersionSpread {
    var settled = self
    while settled.count > Self.mostSeries { settled.foldSmallest() }
    return settled
  }

  private var count: Int {
    named.count + [folded, silent].count { things in things.contains { $0 != 0 } }
  }

  private mutating func foldSmallest() {
    let smallest = named.indices.min { left, right in
      (named[left].sum, named[left].version ?? "") < (named[right].sum, named[right].version ?? "")
    }
    guard let smallest else { return }
    Self.add(named.remove(at: smallest).things, to: &folded)
  }

  private static func add(_ things: [Int], to sums: inout [Int]) {
    for place in sums.indices { sums[place] += things[place] }
  }
}
