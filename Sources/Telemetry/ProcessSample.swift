#if canImport(Glibc)
  internal import Glibc
#endif

/// What the system says of this process now, out of `/proc` (Linux). Elsewhere there is none.
struct ProcessSample {
  let residentBytes: Double
  let cpuSeconds: Double
  let startSeconds: Double

  var values: [(name: String, value: Double)] {
    [
      (MetricNames.processResidentMemoryBytes, residentBytes), (MetricNames.processCPUSeconds, cpuSeconds),
      (MetricNames.processStartTimeSeconds, startSeconds),
    ]
  }

  /// - Parameters: the texts of `/proc/self/stat` and `/proc/stat`, clock ticks a second, bytes a page.
  init?(processStat: String, systemStat: String, ticks: Double, pageSize: Double) {
    // The second field is the program's name in parentheses, which may hold blanks and parentheses itself.
    guard let name = processStat.lastIndex(of: ")"), ticks > 0 else { return nil }
    let fields = processStat[name...].split(separator: " ").dropFirst().map { Double($0) }
    guard fields.count > 21, let user = fields[11], let system = fields[12], let start = fields[19], let pages = fields[21]
    else { return nil }
    let boot = systemStat.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    guard let boot else { return nil }
    residentBytes = pages * pageSize
    cpuSeconds = (user + system) / ticks
    startSeconds = boot + start / ticks
  }

  static func read() -> ProcessSample? {
    #if canImport(Glibc)
      guard let process = contents("/proc/self/stat"), let system = contents("/proc/stat") else { return nil }
      return ProcessSample(
        processStat: process, systemStat: system, ticks: Double(sysconf(Int32(_SC_CLK_TCK))),
        pageSize: Double(sysconf(Int32(_SC_PAGESIZE))))
    #else
      return nil
    #endif
  }

  #if canImport(Glibc)
    private static func contents(_ path: String) -> String? {
      guard let file = fopen(path, "r") else { return nil }
      defer { fclose(file) }
      var all: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = fread(&piece, 1, piece.count, file)
        if count == 0 { break }
        all += piece[..<count]
      }
      return String(decoding: all, as: UTF8.self)
    }
  #endif
}
