import APIContract
import Domain
import Foundation
import Testing

extension BrowserTests {
  /// Rollouts over simulated fleets, watched on their pages.
  @Suite(.serialized) struct RolloutJourney {
    @Test func `a rollout is watched to its end, paused and resumed on the way, and then every page is sound`() async throws {
      let watched = try await WatchedRollout.thatFinishes(things: 90, isApproved: true)
      try await furnish(watched)
      let visitor = try await OperatorBrowser.open(watched.server.url)
      try await visitor.signIn(watched.token)
      try await visitor.follow(.rollouts)
      try await visitor.open(.rollout(watched.id))
      try await visitor.rollout(is: "draft")
      try await visitor.withoutReload {
        let fleet = try watched.play()
        try await visitor.rollout(is: "running")
        let confirmed = try await visitor.figure("Confirmed", over: 0)
        try await visitor.photograph("rollout-running")
        try await pauseAndResume(visitor, confirmed)
        try await approve(visitor)
        try await visitor.agree(to: "Approve")
        try await visitor.rollout(is: "finished")
        let after = try await watched.end(of: fleet)
        #expect(after.state == .finished && after.counts[.confirmed] == 90)
        try await visitor.figure("Confirmed", over: 89)
      }
      let log = try await visitor.browser.element(role: "log", name: "What happened").text
      for line in [
        "Created by operator", "Started by operator", "Paused by operator", "Resumed by operator", "Stage 1 (20%) opened",
        "The stage is good: the next one waits for approval", "Approved by operator", "Stage 2 (60%) opened",
        "Stage 3 (100%) opened", "Finished: every thing has reached an end",
      ] { #expect(log.contains(line), "\(line) is not in: \(log)") }
      try await visitor.expectClean()

      try await expectSpread(visitor)
      let pages = try await watched.pages()
      try await visitor.expectClean(pages)
      let phone = try await OperatorBrowser.open(watched.server.url, .phone.dark)
      try await phone.expectClean()
      try await phone.signIn(watched.token)
      try await phone.expectClean(pages)
      try await phone.open(.rollout(watched.id))
      try await phone.photograph("rollout-on-a-phone")
      try await expectSilence(phone)
      try await expectSoundAndStop(watched.server)
    }

    /// Puts something on the pages that a fleet leaves empty.
    private func furnish(_ watched: WatchedRollout) async throws {
      let workshop = watched.trial.workshop
      try await workshop.command("app", "create", "greenhouse")
      try await workshop.command("webhook", "create", "http://198.51.100.1/hook")
      let account = #"{"email":"ada@example.com","password":"a long password","app":"greenhouse"}"#
      let registered = try await Curl.ask(["--data", account, "\(watched.server.url)/v2/register"])
      #expect(registered.status == 201)
    }

    /// Pauses and resumes by the buttons; the questions tell numbers as they are.
    private func pauseAndResume(_ visitor: OperatorBrowser, _ confirmed: Int) async throws {
      let asked = try await visitor.agree(to: "Pause")
      let keeps = asked.firstMatch(of: /(\d+) things? that (has it keeps|have it keep) it/).flatMap { Int($0.1) }
      try await visitor.rollout(is: "paused")
      let after = try await visitor.figure("Confirmed")
      #expect(keeps.map { $0 >= confirmed && $0 <= after } == true, "\(confirmed)…\(after): \(asked)")
      let focused = try await visitor.browser.focused?.name
      #expect(focused == "Resume")
      let resumed = try await visitor.agree(to: "Resume")
      #expect(resumed.contains(/to \d+ things? that (wait|waits) or/), "\(resumed)")
      try await visitor.rollout(is: "running")
    }

    /// Gives the go for the next stage. While the figures move then, what has the focus keeps it, at the same place of the window.
    private func approve(_ visitor: OperatorBrowser) async throws {
      let first = try await visitor.browser.element(role: "button", name: "Approve", within: 120)
      let confirmed = try await visitor.figure("Confirmed")
      let asked = try await visitor.agree(to: try await first.text)
      #expect(asked.contains("Stage 2 (60%) opens"), "\(asked)")
      let place = """
        const { activeElement } = document;
        return [Math.round(activeElement.getBoundingClientRect().top), scrollY, activeElement.innerText];
        """
      try await visitor.browser.run(
        """
        [...document.querySelectorAll('main button')].find((one) => one.innerText === 'Pause').focus();
        scrollTo(0, 60);
        """)
      let before = try await visitor.browser.run(place)
      #expect(before[2]?.text == "Pause" && before[1] != .integer(0), "\(before.json)")
      try await visitor.figure("Confirmed", over: confirmed)
      let after = try await visitor.browser.run(place)
      #expect(after == before)
    }

    /// The plot of versions over time tells of the version that went and of the one that came, and leads to the things.
    private func expectSpread(_ visitor: OperatorBrowser) async throws {
      try await visitor.open(.fleet)
      try await visitor.browser.field("Time").choose("24 hours")
      try await visitor.browser.wait(
        for: "both versions are plotted",
        until: """
          const plots = [...document.querySelectorAll('figure.plot')];
          const told = plots.map((one) => [...one.querySelectorAll('polygon title')].map((title) => title.textContent));
          return told.length === 1 && ['1.0.0', '2.0.0'].every((name) => told[0].includes(name))
            && plots[0].querySelectorAll('.legend li').length === told[0].length;
          """)
      try await visitor.photograph("fleet")
      try await visitor.browser.click("link", "2.0.0")
      try await visitor.reads("50 things, and there are more.")
      try await visitor.expectClean()
    }

    /// An hour of the service is six seconds: soon nobody has been heard of for so long, and the search for silent things shows it.
    private func expectSilence(_ visitor: OperatorBrowser) async throws {
      try await visitor.browser.run("location.hash = '#/fleet?silentFor=3600'")
      try await visitor.shown()
      try await eventually("things are silent", within: 60) {
        try await visitor.browser.click("button", "Search")
        let status = try await visitor.browser.run("return document.querySelector('main [role=status]').innerText").text ?? ""
        return status.contains(/^\d+ things/)
      }
      try await visitor.expectClean()
    }

    @Test func `a rollout that fails halts before one's eyes, and is reverted`() async throws {
      let watched = try await WatchedRollout.thatHalts()
      let visitor = try await OperatorBrowser.open(watched.server.url)
      try await visitor.signIn(watched.token)
      try await visitor.open(.rollout(watched.id))
      try await visitor.withoutReload {
        let fleet = try watched.play()
        try await visitor.rollout(is: "halted")
        try await visitor.alert(reads: "It has halted: ")
        let after = try await watched.end(of: fleet)
        #expect(after.state == .halted)
        let failures = after.stages.reduce(into: [String: Int]()) { all, stage in all.merge(stage.failures) { $0 + $1 } }
        #expect(!failures.isEmpty)
        for (code, count) in failures {
          // The figures of the page may be a second older.
          try await visitor.browser.wait(
            for: "\(count) failures of \(code) are told",
            until: """
              return [...document.querySelectorAll('.counts li')].some((one) => one.innerText === arguments[0]);
              """, [.string("\(count) \(code)")])
        }
        try await visitor.expectClean()
        try await visitor.photograph("rollout-halted")
        try await revert(visitor, after)
      }
      try await visitor.expectClean()
      let phone = try await OperatorBrowser.open(watched.server.url, .phone.dark)
      try await phone.signIn(watched.token)
      try await phone.expectClean([.rollout(watched.id)])
      try await expectSoundAndStop(watched.server)
    }

    private func revert(_ visitor: OperatorBrowser, _ halted: RolloutShape) async throws {
      let had = halted.counts[.confirmed]
      #expect(had > 0)
      let asked = try await visitor.agree(to: "Revert")
      // The figures of the page may be a second older.
      let told = asked.firstMatch(of: /([0-9]+) things? that ha/).flatMap { Int($0.1) }
      #expect(told.map { (1...had).contains($0) } ?? false, "\(had): \(asked)")
      try await visitor.browser.wait(
        for: "the page of the rollout that reverts", until: "return document.title.includes('back from')")
      try await visitor.shown()
      try await visitor.rollout(is: "running")
    }
  }
}
