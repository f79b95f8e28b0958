import APIContract
import Domain
import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// The ways of an operator, on a page that keeps to the names agreed for the pages, and the fleets that they watch.
  @Suite(.serialized) struct OperatorsWays {
    /// Every route of it has a heading, and data that comes a moment later.
    private static let standIn = """
      <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Firmament</title>
      <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body>
      <header id="top" hidden><nav aria-label="Pages"></nav></header>
      <main aria-busy="false"><h1>Sign in</h1><form><label>Operator token <input type="password"></label>
      <button>Sign in</button></form></main>
      <script>
      const pages = { fleet: 'Fleet', rollouts: 'Rollouts', firmwares: 'Firmwares', models: 'Models and keys', codes: 'Codes',
        users: 'Users', tokens: 'Tokens', webhooks: 'Webhooks', audit: 'Audit' };
      const main = document.querySelector('main');
      const show = () => {
        const name = location.hash.slice(2) || 'fleet';
        main.setAttribute('aria-busy', 'true');
        setTimeout(() => {
          main.replaceChildren();
          main.append(document.createElement('h1'));
          main.firstChild.textContent = document.title = pages[name] ?? name;
          main.setAttribute('aria-busy', 'false');
          if (name.startsWith('rollouts/')) setTimeout(() => main.append('halted'), 500);
        }, 200);
      };
      document.forms[0].onsubmit = (event) => {
        event.preventDefault();
        if (document.querySelector('input').value !== 'right') { main.append('No such token'); return; }
        for (const [name, text] of Object.entries(pages)) {
          const link = document.createElement('a');
          link.href = '#/' + name;
          link.textContent = text;
          document.querySelector('nav').append(link, ' ');
        }
        document.getElementById('top').hidden = false;
        onhashchange = show;
        show();
      };
      </script></body></html>
      """

    @Test func anOperatorSignsInAndGoesEverywhere() async throws {
      let page = try StaticPage(Self.standIn)
      let visitor = try await OperatorBrowser.open(page.origin)
      try await visitor.expectClean()
      try await visitor.offer("wrong")
      try await visitor.reads("No such token")
      try await visitor.withoutReload {
        try await visitor.signIn("right")
        for page in OperatorPage.main {
          try await visitor.follow(page)
          let title = try await visitor.browser.title
          #expect(title == page.link)
        }
        try await visitor.expectClean([.thing("t1"), .firmware("f1"), .newRollout, .rollout("r1")])
        try await visitor.reads("halted")
        try await visitor.expectNavigationByKeyboard()
      }
      await #expect(throws: Browser.NeverShown.self) { try await visitor.reads("finished", within: 0.3) }
      // There is no session here, and the field has the token no more.
      await withKnownIssue { try await visitor.expectSessionHidden("right") }
      await withKnownIssue { try await visitor.withoutReload { try await visitor.browser.reload() } }
    }

    @Test func aWatchedRolloutFinishes() async throws {
      let watched = try await WatchedRollout.thatFinishes()
      let before = try await watched.trial.status(watched.id)
      #expect(before.startedAt == nil)
      let after = try await watched.end(of: try watched.play())
      #expect(after.state == .finished && after.counts[.confirmed] == 60)
      let pages = try await watched.pages()
      #expect(Set(pages).count == OperatorPage.main.count + 5)
      try await expectSoundAndStop(watched.server)
    }

    @Test func aWatchedRolloutHalts() async throws {
      let watched = try await WatchedRollout.thatHalts()
      let after = try await watched.end(of: try watched.play())
      #expect(after.state == .halted && after.stages.dropFirst().allSatisfy { $0.openedAt == nil })
      try await expectSoundAndStop(watched.server)
    }
  }
}
