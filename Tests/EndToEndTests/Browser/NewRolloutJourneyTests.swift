import Domain
import Foundation
import Testing

extension BrowserTests {
  /// A rollout is planned, created and started in the browser.
  @Suite(.serialized) struct NewRolloutJourney {
    @Test func `a rollout is created only for the plan that is shown, and starts from its page`() async throws {
      let service = try await FurnishedService.open()
      let visitor = try await OperatorBrowser.open(service.server.url)
      let browser = visitor.browser
      try await visitor.signIn(service.server.token)
      try await visitor.open(.newRollout)
      try await visitor.withoutReload {
        try await browser.field("Version").choose("1.1.0")
        try await browser.field("Target").fill("resource.battery>>20")
        try await browser.click("button", "Show plan")
        try await visitor.alert(reads: "target: at character 18")
        let caret = try await browser.element(".mistake .caret").text
        #expect(caret == "resource.battery>>20\n" + String(repeating: " ", count: 17) + "^")
        try await visitor.expectClean(refused: ["/api/v1/rollouts/plan"])

        try await browser.field("Target").fill("resource.battery>=60")
        try await browser.field("Stages").fill("50%,100%")
        try await browser.click("button", "Show plan")
        try await visitor.reads("2 things of 3 things of \(FurnishedService.model) would get main 1.1.0; 1 thing would not.")
        _ = try await browser.element(role: "button", name: "Create rollout")
        try await visitor.expectClean()
        try await browser.field("Stages").type(" ")
        try await visitor.reads("Something was changed: show the plan again.")
        let buttons = try await visitor.buttons()
        #expect(!buttons.contains("Create rollout"))
        let listed = try await service.workshop.json("rollout", "list")["rollouts"]?.elements?.count
        #expect(listed == 1, "a plan creates nothing")

        try await browser.click("button", "Show plan")
        try await browser.click("button", "Create rollout")
        try await visitor.rollout(is: "draft")
        try await visitor.shown()
        let id = try #require(try await browser.url.split(separator: "/").last.map { String($0) })
        let asked = try await visitor.agree(to: "Start")
        #expect(asked.contains("Stage 1 (50%) opens now"), "\(asked)")
        try await visitor.rollout(is: "running")
        let state = try await service.workshop.json("rollout", "status", id)["state"]?.text
        #expect(state == "running")
      }
      try await visitor.expectClean()
      try await expectSoundAndStop(service.server)
    }
  }
}
