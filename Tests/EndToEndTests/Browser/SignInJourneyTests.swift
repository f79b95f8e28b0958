import Domain
import Foundation
import Testing

extension BrowserTests {
  /// Who comes in, who stays in, and what they may do then.
  @Suite(.serialized) struct SignInJourney {
    @Test func `an operator signs in, stays so over a reload, and is asked anew once the session or the token has ended`()
      async throws
    {
      let service = try await FurnishedService.open()
      let (server, token) = (service.server, service.server.token)
      let visitor = try await OperatorBrowser.open(server.url)
      let browser = visitor.browser
      for wrong in ["wrong", service.user] {
        try await browser.go(to: server.url + "/")
        try await visitor.offer(wrong)
        _ = try await browser.element("form .alert")
        try await visitor.expectClean()
        let cookies = try await browser.cookies
        #expect(cookies.isEmpty)
      }
      try await visitor.signIn(token)
      try await visitor.expectSessionHidden(token)
      try await browser.reload()
      try await visitor.shown()
      try await visitor.follow(.rollouts)
      try await visitor.expectSessionHidden(token)
      try await expectCSRF(visitor)
      try await visitor.expectClean(refused: ["/api/v1/codes"])

      try await browser.click("button", "Sign out")
      _ = try await browser.element(role: "heading", name: "Sign in")
      let left = try await browser.cookies
      #expect(!left.contains { $0.name == "firmament-session" })
      try await browser.reload()
      _ = try await browser.element(role: "heading", name: "Sign in")
      try await visitor.expectClean()

      let other = try await service.newOperator("ci", "releaser")
      try await visitor.signIn(other.token)
      try await service.workshop.command("operator", "revoke", other.id)
      try await browser.click("link", "Webhooks")
      _ = try await browser.element(role: "heading", name: "Sign in")
      try await visitor.expectClean(refused: ["/api/v1/webhooks?limit=100", "/api/v1/fleet?silentFor=86400"])
      try await expectSoundAndStop(server)
    }

    /// A change by the cookie is taken with the session's value only, which another page cannot read.
    private func expectCSRF(_ visitor: OperatorBrowser) async throws {
      let codes = #"{"model":"\#(FurnishedService.model)","count":1}"#
      let bare = try await visitor.fetch("POST", "/api/v1/codes", codes)
      #expect(bare.status == 403 && bare.body["code"]?.text == "csrf", "\(bare)")
      let wrong = try await visitor.fetch("POST", "/api/v1/codes", codes, headers: ["X-CSRF-Token": "wrong"])
      #expect(wrong.status == 403, "\(wrong)")
      let session = try await visitor.fetch("GET", "/api/v1/session")
      let value = try #require(session.body["csrf"]?.text)
      let meant = try await visitor.fetch("POST", "/api/v1/codes", codes, headers: ["X-CSRF-Token": value])
      #expect(meant.status == 201, "\(meant)")
    }

    /// What anybody may press: it shows things in another way, and changes nothing.
    private static let harmless: Set<String> = [
      "Filter", "Show all", "Search", "Clear", "Refresh", "Refresh the list", "Show more", "Show plan", "Save the envelope",
    ]

    @Test func `a viewer goes everywhere by the keyboard alone and finds nothing that changes anything`() async throws {
      let service = try await FurnishedService.open()
      let viewer = try await service.newOperator("guest", "viewer")
      let visitor = try await OperatorBrowser.open(service.server.url)
      let browser = visitor.browser
      _ = try await browser.tab(to: "textbox", "Operator token", atMost: 5)
      try await browser.focused?.type(viewer.token)
      try await browser.press(.enter)
      _ = try await browser.element(role: "link", name: "Fleet")
      try await visitor.shown()
      try await visitor.arrive(at: .rollouts) {
        _ = try await browser.tab(to: "link", "Rollouts")
        try await browser.press(.enter)
      }
      let heading = try await browser.focused?.name
      #expect(heading == "Rollouts")
      try await visitor.expectNavigationByKeyboard()

      let pages = service.pages + [.thing(try await service.id(where: "resource.battery<40"))]
      for page in pages {
        try await visitor.open(page)
        let changing = try await visitor.buttons().subtracting(Self.harmless)
        #expect(changing.isEmpty, "\(page): \(changing)")
      }
      try await visitor.expectClean()
      try await browser.click("button", "Sign out")
      _ = try await browser.element(role: "heading", name: "Sign in")
      try await visitor.signIn(service.server.token)
      for page in pages where ![.fleet, .audit].contains(page) {
        try await visitor.open(page)
        if page == .newRollout { continue }
        let changing = try await visitor.buttons().subtracting(Self.harmless)
        #expect(!changing.isEmpty, "an administrator finds nothing to press on \(page)")
      }
      try await expectSoundAndStop(service.server)
    }
  }
}
