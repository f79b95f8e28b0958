import Domain
import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// Things are looked for, and looked at; and their codes are saved.
  @Suite(.serialized) struct ThingJourney {
    @Test func `a thing says why it waits, what it wrote and what became of it, and its token when asked to`() async throws {
      let service = try await FurnishedService.open()
      let id = try await service.id(where: "resource.battery<40")
      let visitor = try await OperatorBrowser.open(service.server.url)
      let browser = visitor.browser
      try await visitor.signIn(service.server.token)
      try await visitor.open(.thing(id))
      try await visitor.reads("Held: battery is 31, the rollout asks for at least 40.")
      try await visitor.reads("main: runs 1.0.0")
      try await visitor.reads("It was activated.")
      try await browser.wait(
        for: "the line of its values",
        until: "return document.querySelector(\"svg[aria-label='battery: 3 values from 31 to 35, last 31']\")")
      try await visitor.reads("No operator has done anything to it.")
      try await visitor.photograph("thing-explained")
      try await browser.text("Why: every rollout and every condition").click()
      let conditions = try await browser.element(role: "table", name: "Conditions of rollout \(service.rollout)").text
      #expect(conditions.contains("resource.battery>=40") && conditions.contains("this decides"), "\(conditions)")
      try await visitor.expectClean()

      let token = service.things[0].token
      let before = try await browser.run("return document.documentElement.outerHTML.includes(arguments[0])", [.string(token)])
      #expect(before == .bool(false))
      let asked = try await visitor.agree(to: "Show token")
      #expect(asked.contains("The audit log will keep that you have read it."))
      let shown = try await browser.element("output.secret").text
      #expect(shown == token)
      _ = try await browser.text("thing.readToken")
      try await visitor.expectClean()
      try await visitor.expectSessionHidden(service.server.token)
      try await expectSearches(visitor, service, id)
      try await expectCodesSaved(visitor, service)
      try await expectSoundAndStop(service.server)
    }

    private func expectSearches(_ visitor: OperatorBrowser, _ service: FurnishedService, _ id: String) async throws {
      let browser = visitor.browser
      let searches = [
        ("Id", String(id.prefix(8)), "1 thing."), ("Tag", "canary", "1 thing."), ("Tag", "none", "No things fit."),
        ("Condition", "resource.battery>=80", "2 things."), ("Runs", "main=1.0.0", "3 things."),
      ]
      try await visitor.open(.fleet)
      for (field, text, told) in searches {
        try await browser.click("button", "Clear")
        try await visitor.reads("3 things.")
        try await browser.field(field).fill(text)
        try await browser.click("button", "Search")
        try await visitor.reads(told)
      }
      try await browser.click("button", "Clear")
      try await browser.field("Condition").fill("resource.battery<<40")
      try await browser.click("button", "Search")
      try await visitor.alert(reads: "where: at character 18")
      let caret = try await browser.element(".caret").text
      #expect(caret.hasPrefix("resource.battery<<40\n") && caret.hasSuffix(String(repeating: " ", count: 17) + "^"), "\(caret)")
      try await visitor.expectClean(refused: ["/api/v1/things?where=resource.battery%3C%3C40&limit=50"])
      try await browser.click("button", "Clear")
      try await browser.field("Silent for").choose("1 hour")
      try await browser.click("button", "Search")
      try await visitor.reads("No things fit.")
      try await browser.click("link", "1.0.0")
      try await visitor.reads("3 things.")
      let address = try await browser.url
      #expect(address.contains("running=main%3D1.0.0"), "\(address)")
      try await browser.click("link", id)
      _ = try await browser.element(role: "heading", name: "Thing \(id)")
      try await visitor.expectClean()
    }

    /// The file that the browser keeps has what the command writes.
    private func expectCodesSaved(_ visitor: OperatorBrowser, _ service: FurnishedService) async throws {
      let folder = try TemporaryFolder()
      try await visitor.browser.devTools(
        "Browser.setDownloadBehavior", ["behavior": .string("allow"), "downloadPath": .string(folder.path)])
      try await visitor.open(.codes)
      try await visitor.browser.click("button", "Save as CSV")
      let path = folder.path + "/codes.csv"
      try await eventually("the codes are saved", within: 60) { sizeOfFile(path) > 0 }
      let saved = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
      let listed = try await service.workshop.command("code", "list", "--csv")
      let lines = { (text: String) in text.split(whereSeparator: \.isNewline).map { String($0) } }
      #expect(lines(saved).first == "code,model,createdAt,usedAt,thing")
      #expect(lines(saved).count == 9)
      #expect(lines(saved) == lines(listed))
    }
  }
}
