import APIContract
import ArgumentParser
import Domain
import Testing

@testable import firmament

@Suite struct OutputTests {
  @Test(arguments: [("90", 90), ("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("0", 0)])
  func `durations are read as people write them`(text: String, seconds: Int) {
    #expect(DurationArgument(argument: text)?.seconds == seconds)
  }

  @Test(arguments: ["", "m", "-1", "1.5h", "1w", " 1", "1 m", "99999999999999999999", "999999999d", "٣"])
  func `what is no duration is refused`(text: String) { #expect(DurationArgument(argument: text) == nil) }

  @Test func `durations are written in their largest whole unit`() {
    #expect([0, 59, 900, 86_400, 90_000].map(DurationArgument.text) == ["0s", "59s", "15m", "1d", "25h"])
  }

  @Test func `columns are aligned, numbers at their right, and control characters do not reach the terminal`() {
    var table = TextTable(["name", "count"])
    table.add(["a\u{1B}[2Jb", "5"])
    table.add(["longer name", "1234"])
    table.add([nil, ""])
    #expect(
      table.text == """
        NAME         COUNT
        a?[2Jb           5
        longer name   1234
        -                -
        """)
  }

  @Test func `versions over time are columns with their names as they are`() {
    let times = [0, 60_000].map { Timestamp(milliseconds: $0) }
    let spread = VersionSpreadShape(
      model: "lamp", mcu: "main", times: times,
      series: [
        VersionSeriesShape(version: SaidVersion("1.0.0-rc1\u{1B}"), things: [12, 0]),
        VersionSeriesShape(version: SaidVersion("other"), things: [1, 2]),
        VersionSeriesShape(version: SaidVersion(nil), things: [0, 3]),
      ])
    #expect(
      spread.text == """
        AT                    1.0.0-rc1?  other  never said
        1970-01-01T00:00:00Z          12      1           0
        1970-01-01T00:01:00Z           0      2           3
        """)
    let none = VersionSpreadShape(model: "lamp", mcu: "main", times: times, series: [])
    #expect(none.text == "No things of lamp were counted in that time.")
  }

  @Test(arguments: [
    ["--points", "0"], ["--points", "501"], ["--points", "abc"], ["--from", "2026"],
    ["--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"],
  ])
  func `wrong usage of fleet versions is refused before a server is asked`(arguments: [String]) {
    #expect(throws: (any Error).self) { try FleetVersions.parse(["--model", "lamp"] + arguments) }
  }

  @Test func `a progress bar fits the terminal and tells rate and time left`() {
    let line = ProgressLine(title: "Uploading a.bin", done: 12_000_000, total: 24_000_000, start: 2_000_000, elapsed: 5)
    #expect(line.bar(columns: 100).contains("50 %  12.0 MB of 24.0 MB  2.0 MB/s  0:06 left"))
    for columns in 0...200 { #expect(line.bar(columns: columns).count <= max(0, columns)) }
    #expect(line.plain == "Uploading a.bin: 50 %, 12.0 MB of 24.0 MB  2.0 MB/s  0:06 left")
  }

  @Test func `progress of nothing, of more than all, and without time divides by nothing`() {
    #expect(ProgressLine(title: "t", done: 0, total: 0, start: 0, elapsed: 0).plain == "t: 100 %, 0 B of 0 B")
    #expect(ProgressLine(title: "t", done: 9, total: 5, start: 0, elapsed: 0).plain == "t: 100 %, 9 B of 5 B")
    #expect(ProgressLine.clock(.infinity) == "99:59:59")
    #expect(ProgressLine.size(999_949) == "999.9 kB")
    #expect(ProgressLine.size(1_000_000_000_000) == "1.0 TB")
  }

  @Test func `JSON has sorted keys, plain slashes, and null for the end of a list`() throws {
    let list = CodeList(
      codes: [CodeShape(code: "a/b", model: "m", createdAt: Timestamp(milliseconds: 0))], next: PageCursor(nil))
    #expect(
      try OutputRendering.json(list)
        == #"{"codes":[{"code":"a/b","createdAt":"1970-01-01T00:00:00.000Z","model":"m"}],"next":null}"#)
  }

  @Test func `codes as CSV quote what needs it`() {
    let list = CodeList(
      codes: [CodeShape(code: "c1", model: "a,\"b\"", createdAt: Timestamp(milliseconds: 0))], next: PageCursor(nil))
    #expect(list.csv == "code,model,createdAt,usedAt,thing\nc1,\"a,\"\"b\"\"\",1970-01-01T00:00:00.000Z,,\n")
  }
}
