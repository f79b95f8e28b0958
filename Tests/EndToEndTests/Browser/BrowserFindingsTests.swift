import Domain
import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// The harness itself: it finds what is wrong, and nothing where nothing is.
  @Suite(.serialized) struct Findings {
    private func problems(_ page: StaticPage, _ form: Browser.Form = .desk) async throws -> [String] {
      try await OperatorBrowser.open(page.origin, form).problems()
    }

    @Test func aPageWithNothingWrongIsClean() async throws {
      let page = try StaticPage(body: "<p>All is well.</p>", policy: "default-src 'none'; img-src data:")
      let visitor = try await OperatorBrowser.open(page.origin)
      try await visitor.expectClean()
      // Neither does the search itself leave anything behind.
      try await visitor.expectClean()
      #expect(page.receiver.requests.count == 1)
    }

    @Test func anErrorInTheConsoleIsFound() async throws {
      let page = try StaticPage(
        body: """
          <p>A page</p><script>console.log('of no matter'); console.error('of matter');
          Promise.reject(new Error('rejected')); nothing();</script>
          """)
      let found = try await problems(page)
      #expect(found.count == 3 && found.allSatisfy { $0.hasPrefix("console: ") }, "\(found)")
      for text in ["of matter", "rejected", "nothing is not defined"] {
        #expect(found.contains { $0.contains(text) }, "\(found)")
      }
    }

    @Test func aFailedExpectationIsAnIssue() async throws {
      let page = try StaticPage(body: "<script>console.error('of matter')</script>")
      let visitor = try await OperatorBrowser.open(page.origin)
      try await withKnownIssue {
        try await visitor.expectClean()
      } matching: {
        $0.comments.contains { $0.rawValue.contains("of matter") }
      }
    }

    @Test func aRequestToAnotherHostIsFound() async throws {
      let other = try StaticPage(body: "")
      let page = try StaticPage(
        body: """
          <img src="/own.png" alt="" width="1" height="1"><script>
          fetch('\(other.origin)/elsewhere', { mode: 'no-cors' }).finally(() => { document.title = 'Asked'; });
          new WebSocket('ws://example.com/live').onerror = () => {};
          </script>
          """)
      let visitor = try await OperatorBrowser.open(page.origin)
      try await visitor.browser.wait(for: "an answer", until: "return document.title === 'Asked'")
      let found = try await visitor.problems()
      #expect(found.contains("request to another host: \(other.origin)/elsewhere"), "\(found)")
      #expect(found.contains("request to another host: http://example.com/live"), "\(found)")
      #expect(!found.contains { $0.contains("own.png") }, "\(found)")
    }

    @Test func whatKeepsPeopleFromUsingAPageIsFound() async throws {
      // None of its own scripts may run, and no text become one: what looks for violations is no script of the page.
      let page = try StaticPage(
        body: """
          <input type="text"><p style="color:#bbb;background:#fff">Hardly legible</p><div role="button">Nobody's</div>
          """,
        policy:
          "default-src 'none'; style-src 'unsafe-inline'; img-src data:; require-trusted-types-for 'script'; trusted-types")
      let found = try await problems(page)
      #expect(found.count == 2 && found.allSatisfy { $0.hasPrefix("axe: ") }, "\(found)")
      #expect(found.contains { $0.contains("color-contrast (serious)") && $0.contains("p: Fix") }, "\(found)")
      #expect(found.contains { $0.contains("label (critical)") && $0.contains("input") }, "\(found)")
    }

    @Test func whatAPolicyForbidsIsFound() async throws {
      let page = try StaticPage(
        body: "<script>document.title = 'changed'</script><p style=\"color: red\">Red</p>",
        policy: "default-src 'none'; img-src data:")
      let visitor = try await OperatorBrowser.open(page.origin)
      let found = try await visitor.problems()
      #expect(found.count == 2 && found.allSatisfy { $0.contains("Content Security Policy") }, "\(found)")
      let title = try await visitor.browser.title
      #expect(title == "A page")
    }

    @Test func whatIsWiderThanATelephoneIsFound() async throws {
      let page = try StaticPage(body: "<div style=\"width: 600px\">Wide</div>")
      let wide = try await problems(page, .desk)
      #expect(wide.isEmpty, "\(wide)")
      let narrow = try await problems(page, .phone)
      #expect(narrow.count == 1 && narrow.first?.hasPrefix("wider than the window by 2") == true, "\(narrow)")
    }

    @Test func aRefusalIsAnErrorUnlessItWasMeant() async throws {
      let server = try await RunningServer.start(store: try TemporaryFolder().path + "/store")
      let visitor = OperatorBrowser(try await Browser.open(), at: server.url)
      try await visitor.browser.go(to: server.url + "/healthz")
      try await visitor.browser.wait(
        for: "an answer",
        until: "window.asked ??= fetch('/api/v1/models').then((one) => window.status = one.status); return window.status")
      let records = try await visitor.browser.takeRecords()
      let errors = records.console.filter(\.isError)
      #expect(errors.contains { $0.text.contains("/api/v1/models") && $0.text.contains("401") }, "\(records.console)")
      #expect(records.requests(outside: server.url) == [] && records.requests.contains(server.url + "/api/v1/models"))
      try await visitor.browser.run("window.status = 0; fetch('/api/v1/models').then((one) => window.status = one.status)")
      try await visitor.browser.wait(for: "an answer", until: "return window.status")
      let text = try await visitor.browser.text
      #expect(text.hasPrefix("ok"))
      let found = try await visitor.problems(refused: ["/api/v1/models"])
      #expect(!found.contains { $0.hasPrefix("console") }, "\(found)")
      #expect(await server.terminate() == 0)
    }
  }
}
