import Domain
import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// What a browser is told to do, it does.
  @Suite(.serialized) struct Conduct {
    private static let form = """
      <form><label>Name <input name="name"></label> <label>Secret <input type="password" id="secret"></label>
      <label>Kind <select><option>small</option><option>large</option></select></label>
      <label>File <input type="file"></label> <button>Send</button></form>
      <p id="said" role="status"></p><dialog aria-label="Sure?"><button>Yes</button></dialog>
      <script>
      const said = document.getElementById('said');
      document.forms[0].onsubmit = (event) => {
        event.preventDefault();
        const [name, secret, kind, file] = document.querySelectorAll('input, select');
        setTimeout(() => { said.textContent = [name, secret, kind].map((one) => one.value).join(' '); }, 300);
        const files = document.querySelector('input[type=file]').files;
        if (files.length) files[0].text().then((text) => { document.title = text; });
      };
      onkeydown = (event) => { if (event.key === 'Escape') said.textContent = 'escaped' + (event.shiftKey ? ' upwards' : ''); };
      </script>
      """

    @Test func aFormIsFilledInAndSentByWhatIsSeen() async throws {
      let page = try StaticPage(body: Self.form)
      let browser = try await Browser.open()
      try await browser.go(to: page.origin)
      try await browser.field("Name").fill("Ada")
      try await browser.field("Name").fill("Grace")
      try await browser.field("Secret").type("pässword")
      try await browser.field("Kind").choose("large")
      let folder = try TemporaryFolder()
      try await browser.field("File").choose(file: try folder.write(Data("what is in it".utf8), to: "file.txt"))
      try await browser.click("button", "Send")
      let said = try await browser.text("Grace pässword large")
      let (role, id) = (try await said.role, try await said.attribute("id"))
      #expect(role == "status" && id == "said")
      try await browser.wait(for: "the title", until: "return document.title === arguments[0]", [.string("what is in it")])
      let heading = try await browser.element(role: "heading", name: "A page")
      let text = try await heading.text
      #expect(text == "A page")
      await #expect(throws: Browser.NeverShown.self) { try await browser.click("button", "Yes", within: 0.3) }
      await #expect(throws: Browser.NeverShown.self) {
        try await browser.wait(for: "a miracle", within: 0.3, until: "return document.title === 'miracle'")
      }
    }

    @Test func theKeyboardAloneIsEnough() async throws {
      let page = try StaticPage(body: Self.form)
      let browser = try await Browser.open()
      try await browser.go(to: page.origin)
      let field = try await browser.tab(to: "textbox", "Name")
      try await field.type("Ada")
      _ = try await browser.tab(to: "button", "Send")
      try await browser.press(.enter)
      _ = try await browser.text("Ada small")
      try await browser.press(.escape)
      _ = try await browser.text("escaped")
      try await browser.press(.escape, with: .shift)
      _ = try await browser.text("escaped upwards")
      await #expect(throws: Browser.NeverShown.self) { try await browser.tab(to: "button", "Yes", atMost: 12) }
    }

    @Test(arguments: [false, true]) func aTelephoneInTheDarkIsNarrowAndDark(isDark: Bool) async throws {
      let page = try StaticPage(
        head: """
          <style>body { background: #fff; color: #000 }
          @media (prefers-color-scheme: dark) { body { background: #000; color: #fff } }</style>
          """, body: "<p>A page</p>")
      let visitor = try await OperatorBrowser.open(page.origin, isDark ? .phone.dark : .phone)
      try await visitor.browser.reload()
      let seen = try await visitor.browser.run(
        """
        return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, matchMedia('(pointer: coarse)').matches,
          getComputedStyle(document.body).backgroundColor];
        """)
      #expect(
        seen
          == .array([
            .integer(375), .bool(isDark), .bool(true), .string(isDark ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)"),
          ]))
      try await visitor.expectClean()
      let folder = try TemporaryFolder()
      try await visitor.browser.screenshot(to: folder.path + "/page.png")
      let image = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/page.png"))
      #expect(image.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    @Test func cookiesAreSeenThatNoScriptSees() async throws {
      let receiver = try Receiver(
        answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: hidden=1; Path=/deep; HttpOnly; SameSite=Strict\r\n"
          + "Set-Cookie: open=2\r\nConnection: close\r\n\r\n", closes: true)
      let browser = try await Browser.open()
      try await browser.go(to: receiver.url)
      let seen = try await browser.run("return document.cookie")
      #expect(seen == .string("open=2"))
      let cookies = try await browser.cookies
      let hidden = try #require(cookies.first { $0.name == "hidden" })
      #expect(hidden.isHTTPOnly && !hidden.isSecure && hidden.sameSite == "Strict" && hidden.path == "/deep")
      let open = try #require(cookies.first { $0.name == "open" })
      #expect(!open.isHTTPOnly && open.value == "2" && open.sameSite == "")
    }

    @Test func nothingIsLeftOfABrowserThatNobodyHolds() async throws {
      let page = try StaticPage(body: "<p>A page</p>")
      var browser: Browser? = try await Browser.open()
      try await browser?.go(to: page.origin)
      let place = try #require(browser?.place)
      #expect(Browser.processes(in: place).count > 1)
      browser = nil
      try await eventually("its processes are gone", within: 30) { Browser.processes(in: place).isEmpty }
      try await eventually("its files are gone", within: 30) { !FileManager.default.fileExists(atPath: place) }
    }
  }
}
