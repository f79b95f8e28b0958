/// How far a transfer is, as one line: pure, so that its forms can be tested.
struct ProgressLine {
  let title: String
  /// Bytes.
  let done: Int64
  let total: Int64
  /// Bytes that were there when the clock started: they do not count for the rate.
  let start: Int64
  /// Seconds since then.
  let elapsed: Double

  /// A bar with rate and time left, at most `columns` wide.
  func bar(columns: Int) -> String {
    let figures = " \(percent) %  \(Self.size(done)) of \(Self.size(total))\(speed)"
    let label = title.count > columns / 3 ? String(title.prefix(max(0, columns / 3 - 1))) + "…" : title
    let room = columns - label.count - figures.count - 4
    guard room >= 5 else { return String((label + figures).prefix(max(0, columns - 1))) }
    let width = min(room, 40)
    let filled = Int(Double(width) * fraction)
    return label + " [" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "]" + figures
  }

  /// The same without a bar, for logs.
  var plain: String { "\(title): \(percent) %, \(Self.size(done)) of \(Self.size(total))\(speed)" }

  private var fraction: Double { total <= 0 ? 1 : min(1, max(0, Double(done) / Double(total))) }

  private var percent: Int { Int(fraction * 100) }

  private var speed: String {
    guard elapsed > 0.2, done > start else { return "" }
    let rate = Double(done - start) / elapsed
    let rest = "  \(Self.size(Int64(rate)))/s"
    return done >= total ? rest : rest + "  \(Self.clock(Double(total - done) / rate)) left"
  }

  /// `999 B`, `1.5 kB`, `12.0 MB`: powers of ten.
  static func size(_ bytes: Int64) -> String {
    if bytes < 1000 { return "\(bytes) B" }
    var tenths = (bytes + 50) / 100
    for unit in ["kB", "MB", "GB"] {
      if tenths < 10_000 { return "\(tenths / 10).\(tenths % 10) \(unit)" }
      tenths /= 1000
    }
    return "\(tenths / 10).\(tenths % 10) TB"
  }

  /// `0:05`, `12:00`, `1:00:00`.
  static func clock(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? Int(min(max(0, seconds.rounded(.up)), 359_999)) : 359_999
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }
}
