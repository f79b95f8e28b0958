import Testing

@testable import Telemetry

@Suite struct ProcessSampleTests {
  private let stat = "42 (a b) c)) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 4 0 1000 999999 25 18446744073709551615 1 1"
  private let system = "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n"

  @Test func `memory, time and start are read past a program name with blanks and parentheses`() throws {
    let sample = try #require(ProcessSample(processStat: stat, systemStat: system, ticks: 100, pageSize: 4096))
    #expect(sample.residentBytes == 25 * 4096)
    #expect(sample.cpuSeconds == 2)
    #expect(sample.startSeconds == 1_700_000_010)
  }

  @Test func `texts that are cut short give nothing`() {
    for length in 0..<(stat.count - 24) {
      #expect(
        ProcessSample(processStat: String(stat.prefix(length)), systemStat: system, ticks: 100, pageSize: 1).map(\.cpuSeconds)
          ?? 2
          == 2)
    }
    #expect(ProcessSample(processStat: "", systemStat: system, ticks: 100, pageSize: 1) == nil)
    #expect(ProcessSample(processStat: stat, systemStat: "", ticks: 100, pageSize: 1) == nil)
    #expect(ProcessSample(processStat: stat, systemStat: system, ticks: 0, pageSize: 1) == nil)
  }

  #if os(Linux)
    @Test func `the text has the numbers of this process`() throws {
      let lines = PrometheusRegistry().text().split(separator: "\n")
      #expect(lines.contains("# TYPE process_cpu_seconds_total counter"))
      #expect(lines.contains("# TYPE process_start_time_seconds gauge"))
      let memory = try #require(lines.first { $0.hasPrefix("process_resident_memory_bytes ") })
      #expect(try #require(Double(memory.split(separator: " ")[1])) > 100_000)
    }
  #endif
}
