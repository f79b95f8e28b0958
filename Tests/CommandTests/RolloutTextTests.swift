import APIContract
import Domain
import Testing

@testable import firmament

@Suite struct RolloutTextTests {
  @Test func `the status is a header, a funnel, and what waits and fails`() {
    #expect(
      MadeUpRollout.shape().text == """
        id        r1
        model     lamp
        state     running
        firmware  main 1.2.0 (f1)
        target    tag==beta
        plan      95% success, halts at 5%, sample 20, soak 10m, silence 2h, window Mon-Fri 22:00-06:00 Europe/Berlin, \
        100 a minute (doubles every 50), 3 attempts
        created   1970-01-01T00:00:00Z by op
        started   1970-01-01T00:01:00Z

        STAGE    STATE    TARGET  WAITING  OFFERED  DOWNLOADING  DOWNLOADED  INSTALLING  INSTALLED  CONFIRMED  CLAIMED  FAILED  \
        REJECTED  ROLLED BACK  SILENT
        1: 1%    passed       10        0        0            0           0           0          0         10        0       0  \
               0            0       0
        2: 10%   open        102       15        0            4           0           0          0         80        0       2  \
               0            1       0
        3: 100%  pending       0        0        0            0           0           0          0          0        0       0  \
               0            0       0
        total    -           112       15        0            4           0           0          0         90        0       2  \
               0            1       0

        waiting    window 12, pace 3
        failures   E7 2, no code 1
        downloads  1.5 MB/s
        """)
  }

  @Test func `what stands still says why, and what a person may do`() {
    let halted = MadeUpRollout.shape(.halted, needs: "resume", haltReason: "6% of stage 2 have failed\n\u{1B}[2J")
    #expect(halted.text.contains("state     halted: 6% of stage 2 have failed ?[2J; firmament rollout resume r1 lets it go on"))
    #expect(halted.meaning.hasPrefix("Rollout r1 has halted (6% of stage 2 have failed ?[2J): firmament rollout resume r1"))
    #expect(MadeUpRollout.shape(needs: "approval").text.contains("next stage waits for a go: firmament rollout approve r1"))
    #expect(MadeUpRollout.shape(.draft, needs: "approval").meaning.contains("another operator has to approve its start"))
  }

  @Test func `control characters of a version do not reach the terminal`() {
    let shape = MadeUpRollout.shape(version: "1\u{1B}[2J\u{202E}")
    for text in [shape.text, RolloutList(rollouts: [shape], next: PageCursor(nil)).text, shape.progressLine, shape.meaning] {
      #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }
  }

  @Test func `an explanation marks the clause that decided`() {
    let clauses = [
      ClauseShape(check: "target", clause: "tag==beta", value: "beta\u{7}", holds: true, note: nil, decides: false),
      ClauseShape(check: "gate", clause: "battery>50", value: nil, holds: false, note: "never reported", decides: true),
    ]
    let rollout = RolloutExplanation(
      rollout: "r1", version: "2", state: .running, outcome: "held", reason: "gate", clauses: clauses)
    let skipped = RolloutExplanation(
      rollout: "r0", version: nil, state: .finished, outcome: "skipped", reason: "current", clauses: [])
    let mcu = MCUExplanation(
      mcu: "main", running: "1", offer: nil, reason: "gate", explanation: "The gate does not hold.", decidedBy: "r1",
      rollouts: [rollout, skipped])
    let shape = ExplanationShape(thing: "t1", model: "lamp", at: Timestamp(milliseconds: 0), mcus: [mcu])
    #expect(
      shape.text == """
        thing  t1
        model  lamp
        at     1970-01-01T00:00:00Z

        mcu         main
        runs        1
        offered     nothing
        because     The gate does not hold. (gate)
        decided by  rollout r1

        Rollout r1 (2, running): held, gate
           CHECK   CLAUSE      VALUE NOW  HOLDS  NOTE
           target  tag==beta   beta?      yes    -
        →  gate    battery>50  -          no     never reported

        Rollout r0 (finished): skipped, current
        """)
  }

  @Test func `a caret stands under the character, also at the end and in a long expression`() {
    func lines(_ expression: String, _ character: Int, columns: Int = 80) -> String? {
      ExpressionFault(detail: "gate: at character \(character): what", in: ["gate": expression])?.lines(columns: columns)
    }
    #expect(lines("a=b", 1) == "  a=b\n  ^")
    #expect(lines("a==", 4) == "  a==\n     ^")
    #expect(lines("ä\t\u{1B}=b", 4) == "  ä ?=b\n     ^")
    #expect(lines("", 1) == "  \n  ^")
    #expect(lines("a", 3) == nil)
    #expect(lines("a", 0) == nil)
    let long = (0..<300).map { String($0 % 10) }.joined()
    for character in 1...301 {
      let parts = (lines(long, character, columns: 60) ?? "").split(separator: "\n")
      #expect(parts.count == 2 && parts[0].count < 60 && parts[1].count <= 60)
      guard character <= 300 else { continue }
      #expect(Array(parts[0])[parts[1].count - 1] == Array(long)[character - 1])
    }
  }

  @Test(arguments: ["", "the model is unknown", "target: at character x: y", "other: at character 1: y", "target: too long"])
  func `a detail without a place has no caret`(detail: String) {
    #expect(ExpressionFault(detail: detail, in: ["target": "a==b"]) == nil)
  }

  @Test func `a screen counts the rows of lines that it breaks`() {
    #expect(ScreenText.rows(of: "", columns: 10) == 1)
    #expect(ScreenText.rows(of: "1234567890\n\n12345678901", columns: 10) == 4)
    #expect(ScreenText.erasing(rows: 0) == "")
    #expect(ScreenText.erasing(rows: 3) == "\r\u{1B}[3A\u{1B}[J")
  }
}
