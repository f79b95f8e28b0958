import Domain
import Foundation
import Testing

/// What an operator does on the pages, and reads there.
extension OperatorBrowser {
  /// Presses a button that asks before it does something, and agrees.
  /// - Parameter verb: the button of the question.
  /// - Returns: what the question said.
  @discardableResult func agree(to button: String, by verb: String? = nil) async throws -> String {
    try await browser.click("button", button)
    let question = try await browser.element("dialog[open]")
    let text = try await question.text
    try await browser.element(role: "button", name: verb ?? button, in: question).click()
    try await browser.wait(for: "the question is gone", until: "return !document.querySelector('dialog')")
    return text
  }

  /// The number that a big figure shows, such as `Confirmed`.
  func figure(_ name: String) async throws -> Int {
    let script = """
      const item = [...document.querySelectorAll('.figure')].find((one) => one.querySelector('dt').innerText === arguments[0]);
      return Number(item.querySelector('dd').firstChild.data.replaceAll(',', ''));
      """
    return Int(try #require(try await browser.run(script, [.string(name)]).wholeNumber))
  }

  /// Waits until a big figure is more than a number.
  /// - Returns: what it is then.
  @discardableResult func figure(_ name: String, over count: Int, within seconds: Double = 120) async throws -> Int {
    try await browser.wait(
      for: "\(name) is more than \(count)", within: seconds,
      until: """
        const item = [...document.querySelectorAll('.figure')].find((one) => one.querySelector('dt').innerText === arguments[0]);
        return Number(item.querySelector('dd').firstChild.data.replaceAll(',', '')) > arguments[1];
        """, [.string(name), .integer(Int64(count))])
    return try await figure(name)
  }

  /// Waits until the page of a rollout says that it is so.
  func rollout(is state: String, within seconds: Double = 120) async throws {
    try await browser.wait(
      for: "the rollout is \(state)", within: seconds,
      until: "return document.querySelector('.statusline .badge')?.innerText === arguments[0]", [.string(state)])
  }

  /// Waits until the first alert of the page reads so somewhere.
  func alert(reads text: String, within seconds: Double = Browser.patience) async throws {
    try await browser.wait(
      for: "an alert reads \(text)", within: seconds,
      until: """
        return [...document.querySelectorAll('[role=alert]')].some((one) =>
          one.checkVisibility() && one.innerText.includes(arguments[0]));
        """, [.string(text)])
  }

  /// The names of what can be pressed in the main part of the page, in its closed parts too, and links that look so.
  func buttons() async throws -> Set<String> {
    let script = """
      return [...document.querySelectorAll('main button, main a.button')].filter((one) => !one.hidden)
        .map((one) => one.textContent.trim());
      """
    return Set(try await browser.run(script).elements?.compactMap(\.text) ?? [])
  }

  /// Asks the API as a script of the page would.
  /// - Returns: the status, and the body where it is JSON.
  func fetch(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
  ) async throws -> (status: Int, body: JSONValue) {
    let answer = try await browser.command(
      "POST", "/execute/async",
      [
        "args": .array([
          .string(method), .string(path), body.map { .string($0) } ?? .null, .object(headers.mapValues { .string($0) }),
        ]),
        "script": .string(
          """
          const [method, path, body, headers, done] = arguments;
          fetch(path, { method, body: body ?? undefined, headers: { 'Content-Type': 'application/json', ...headers } })
            .then(async (answer) => done({ status: answer.status, body: await answer.json().catch(() => null) }),
              (error) => done({ error: String(error) }));
          """),
      ])
    let status = try #require(answer["status"]?.wholeNumber, "\(answer.json)")
    return (Int(status), answer["body"] ?? .null)
  }

  /// Where the screenshots of the README go: `FIRMAMENT_SCREENSHOTS` names a folder, and without it none are taken.
  private static let album = ProcessInfo.processInfo.environment["FIRMAMENT_SCREENSHOTS"]

  /// Takes a screenshot of the top of the page, at a desk of 1280 by 800 pixels, or of the telephone as it is.
  func photograph(_ name: String) async throws {
    guard let album = Self.album else { return }
    if !browser.form.isMobile {
      try await browser.devTools(
        "Emulation.setDeviceMetricsOverride",
        ["width": .integer(1280), "height": .integer(800), "deviceScaleFactor": .integer(1), "mobile": .bool(false)])
    }
    try await browser.run(
      """
      scrollTo(0, 0);
      document.activeElement?.blur();
      for (const note of document.querySelectorAll('.note')) note.remove();
      """)
    try await browser.screenshot(to: "\(album)/\(name).png")
    if !browser.form.isMobile { try await browser.devTools("Emulation.clearDeviceMetricsOverride") }
  }
}
