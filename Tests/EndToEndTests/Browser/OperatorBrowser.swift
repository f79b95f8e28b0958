import Domain
import Foundation
import Testing

/// An operator before the pages of a service.
struct OperatorBrowser: Sendable {
  let browser: Browser
  /// Of the service: `http://127.0.0.1:PORT`
  let origin: String

  init(_ browser: Browser, at origin: String) {
    self.browser = browser
    self.origin = origin
  }

  /// A new browser before the first page of a service, where nobody is signed in.
  static func open(_ origin: String, _ form: Browser.Form = .desk) async throws -> OperatorBrowser {
    let visitor = OperatorBrowser(try await Browser.open(form), at: origin)
    try await visitor.browser.go(to: origin + "/")
    return visitor
  }

  /// Signs in by the form, and returns when the first page is shown.
  func signIn(_ token: String) async throws {
    try await offer(token)
    _ = try await browser.element(role: "link", name: OperatorPage.fleet.link)
    try await shown()
  }

  /// Fills in the form to sign in and sends it, whatever comes of it.
  func offer(_ token: String) async throws {
    try await browser.field("Operator token").fill(token)
    try await browser.click("button", "Sign in")
  }

  // MARK: Ways

  /// Goes to a page by its address, and returns when its data is shown.
  func open(_ page: OperatorPage) async throws {
    if try await browser.url.hasPrefix(origin + "/") {
      try await arrive(at: page) { try await browser.run("location.hash = arguments[0]", [.string(page.route)]) }
    } else {
      try await browser.go(to: "\(origin)/\(page.route)")
      try await shown()
    }
  }

  /// Goes to a page by the navigation, and returns when its data is shown.
  func follow(_ page: OperatorPage) async throws {
    try await arrive(at: page) { try await browser.click("link", try #require(page.link)) }
  }

  /// Does what leads to a page, and returns when its data is shown.
  func arrive(at page: OperatorPage, by action: () async throws -> Void) async throws {
    // The page's own listener for the change of the route has had its turn when this one has, which came later.
    try await browser.run(
      """
      window.arrived = location.hash === arguments[0];
      addEventListener('hashchange', () => { if (location.hash === arguments[0]) window.arrived = true; });
      """, [.string(page.route)])
    try await action()
    try await browser.wait(
      for: "the page \(page)", until: "return window.arrived && location.hash === arguments[0]", [.string(page.route)])
    try await shown()
  }

  /// Returns when the data of the page is shown, with a title and one heading of the first level.
  func shown() async throws {
    try await browser.wait(
      for: "the data of the page is shown",
      until: """
        const headings = [...document.querySelectorAll('h1')].filter((one) => one.checkVisibility());
        return document.querySelector('main')?.getAttribute('aria-busy') === 'false' && document.title.trim()
          && headings.length === 1 && headings[0].innerText.trim();
        """)
  }

  /// Returns when the main part of the page reads so somewhere, without anything being done.
  func reads(_ text: String, within seconds: Double = Browser.patience) async throws {
    try await browser.wait(
      for: "the page reads \(text)", within: seconds,
      until: "return document.querySelector('main')?.innerText.includes(arguments[0])", [.string(text)])
  }

  /// Does something, and expects that the document is the same after it: nothing has been loaded anew.
  func withoutReload(
    sourceLocation: SourceLocation = #_sourceLocation, _ action: () async throws -> Void
  ) async throws {
    try await browser.run("window.isTheSame = true")
    try await action()
    let isTheSame = try await browser.run("return window.isTheSame === true")
    #expect(isTheSame == .bool(true), "the page was loaded anew", sourceLocation: sourceLocation)
  }

  // MARK: Whether all is well

  /// What is wrong with the page as it is now, and with what it has done since this was last called: errors in the console,
  /// requests to others than the service, what keeps people from using it, and what does not fit its width.
  /// - Parameter refused: the paths of requests whose refusal was meant, of which the browser makes errors in the console.
  func problems(refused: [String] = []) async throws -> [String] {
    let violations = try await browser.accessibilityViolations().map { "axe: \($0)" }
    let overflow = try await browser.run(
      "return Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)")
    let records = try await browser.takeRecords()
    // Whoever asks whether there is a session is told by 401 that there is none.
    let meant = (refused + ["/api/v1/session"]).map { "\(origin)\($0) - Failed to load resource: the server responded with" }
    let errors = records.console.filter { message in
      message.isError && !(message.source == "network" && meant.contains { message.text.hasPrefix($0) })
    }
    return errors.map { "console: \($0)" } + records.requests(outside: origin).map { "request to another host: \($0)" }
      + violations + (overflow == .integer(0) ? [] : ["wider than the window by \(overflow.json) pixels"])
  }

  /// Expects that nothing is wrong; see `problems(refused:)`.
  func expectClean(refused: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let problems = try await problems(refused: refused)
    let place = try await browser.url
    #expect(problems.isEmpty, "\(place):\n\(problems.joined(separator: "\n"))", sourceLocation: sourceLocation)
  }

  /// Goes to pages and expects of each that nothing is wrong.
  func expectClean(_ pages: [OperatorPage], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    for page in pages {
      try await open(page)
      try await expectClean(sourceLocation: sourceLocation)
    }
  }

  /// Expects that the navigation leads to each of its pages by the keyboard alone, and that each has a title of its own.
  func expectNavigationByKeyboard(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    var titles: Set<String> = []
    for page in OperatorPage.main {
      try await arrive(at: page) {
        _ = try await browser.tab(to: "link", try #require(page.link))
        try await browser.press(.enter)
      }
      titles.insert(try await browser.title)
    }
    #expect(titles.count == OperatorPage.main.count, "\(titles)", sourceLocation: sourceLocation)
  }

  /// Expects that the session lies where no script reads it: in a cookie that is sent to this service's API only, and in
  /// nothing that the page keeps.
  func expectSessionHidden(_ token: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let cookie = try await browser.cookies.first { $0.name == "firmament-session" }
    #expect(
      cookie?.isHTTPOnly == true && cookie?.sameSite == "Strict" && cookie?.path == "/api/v1", "\(String(describing: cookie))",
      sourceLocation: sourceLocation)
    let kept = try await browser.run(
      """
      return document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)
        + document.documentElement.outerHTML;
      """)
    let text = try #require(kept.text, sourceLocation: sourceLocation)
    #expect(!text.contains(token), "the operator's token is kept in the page", sourceLocation: sourceLocation)
    if let value = cookie?.value { #expect(!text.contains(value), sourceLocation: sourceLocation) }
  }
}
