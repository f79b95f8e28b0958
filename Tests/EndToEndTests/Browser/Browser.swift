import Domain
import Foundation
import NIOCore
import TestSupport

/// A real Chromium with one page, told what to do as a person would: by what can be seen and heard on the page.
///
/// It asks nobody but 127.0.0.1. The browser and its driver are killed when nobody holds it any more.
final class Browser: Sendable {
  static let program = "chromium"

  /// What it is like to whoever sits before it.
  struct Form: Sendable {
    /// CSS pixels.
    var width: Int
    var height: Int
    /// A telephone: its viewport, its touch, its user agent.
    var isMobile = false
    /// `prefers-color-scheme: dark`
    var isDark = false
    /// `prefers-reduced-motion: reduce`
    var reducesMotion = false

    static let desk = Form(width: 1280, height: 900)
    static let phone = Form(width: 375, height: 667, isMobile: true)

    var dark: Form {
      var form = self
      form.isDark = true
      return form
    }
  }

  /// A condition that did not come about on the page.
  struct NeverShown: Error, CustomStringConvertible {
    let what: String
    let url: String
    /// What could be read there in its place.
    let text: String
    var description: String { "\(what): did not happen at \(url), which reads:\n\(text.prefix(2000))" }
  }

  /// Seconds for which a condition may take to come about, unless told otherwise.
  static let patience = 60.0

  let form: Form
  private let driver: WebDriver
  private let folder: TemporaryFolder

  /// The folder of its files and those of its driver.
  var place: String { folder.path }

  private let session: String

  static func open(_ form: Form = .desk) async throws -> Browser {
    let folder = try TemporaryFolder()
    let driver = try await WebDriver.start(in: folder)
    let opened = try await driver.command("POST", "/session", ["capabilities": capabilities(form)])
    guard let session = opened["sessionId"]?.text else {
      throw WebDriver.Refusal(code: "no session", message: opened.json)
    }
    let browser = Browser(form, driver, folder, session: session)
    try await browser.command("POST", "/timeouts", ["script": .integer(300_000), "pageLoad": .integer(60_000)])
    if !form.isMobile {
      try await browser.command(
        "POST", "/window/rect", ["width": .integer(Int64(form.width)), "height": .integer(Int64(form.height))])
    }
    try await browser.devTools(
      "Emulation.setEmulatedMedia",
      [
        "features": .array([
          feature("prefers-color-scheme", form.isDark ? "dark" : "light"),
          feature("prefers-reduced-motion", form.reducesMotion ? "reduce" : "no-preference"),
        ])
      ])
    return browser
  }

  private init(_ form: Form, _ driver: WebDriver, _ folder: TemporaryFolder, session: String) {
    self.form = form
    self.driver = driver
    self.folder = folder
    self.session = session
  }

  /// What is being killed may still write: nothing is left once neither a process nor a file is found.
  deinit {
    driver.end()
    for _ in 0..<250 {
      let processes = Self.processes(in: place)
      for process in processes { kill(process, SIGKILL) }
      try? FileManager.default.removeItem(atPath: place)
      if processes.isEmpty && !FileManager.default.fileExists(atPath: place) { return }
      usleep(20_000)
    }
  }

  /// The numbers of the processes that were told of a folder when they were started.
  static func processes(in folder: String) -> [Int32] {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
    return numbers.filter { number in
      let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
      return String(decoding: line, as: UTF8.self).contains(folder)
    }
  }

  private static func capabilities(_ form: Form) -> JSONValue {
    var options: [String: JSONValue] = [
      "args": .array(
        [
          "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
          "--window-size=\(form.width),\(form.height)",
          // Whatever a page asks for, nothing leaves this machine.
          "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ].map { .string($0) })
    ]
    if let path = try? Program.find(program) { options["binary"] = .string(path) }
    if form.isMobile {
      let (width, height) = (JSONValue.integer(Int64(form.width)), JSONValue.integer(Int64(form.height)))
      let metrics: [String: JSONValue] = [
        "width": width, "height": height, "pixelRatio": .integer(2), "touch": .bool(true), "mobile": .bool(true),
      ]
      options["mobileEmulation"] = .object(["deviceMetrics": .object(metrics)])
    }
    return .object([
      "alwaysMatch": .object([
        "browserName": .string("chrome"), "goog:chromeOptions": .object(options),
        "goog:loggingPrefs": .object(["browser": .string("ALL"), "performance": .string("ALL")]),
      ])
    ])
  }

  private static func feature(_ name: String, _ value: String) -> JSONValue {
    .object(["name": .string(name), "value": .string(value)])
  }

  /// Gives a command of the session.
  /// - Parameter path: below `/session/{session id}`.
  @discardableResult func command(
    _ method: String, _ path: String, _ parameters: [String: JSONValue] = [:], within limit: TimeAmount = .seconds(120)
  ) async throws -> JSONValue {
    try await driver.command(method, "/session/\(session)\(path)", parameters, within: limit)
  }

  /// Gives a command of the Chrome DevTools Protocol.
  @discardableResult func devTools(_ name: String, _ parameters: [String: JSONValue] = [:]) async throws -> JSONValue {
    try await command("POST", "/goog/cdp/execute", ["cmd": .string(name), "params": .object(parameters)])
  }

  // MARK: Pages

  /// Goes to an address, and returns when its document is loaded.
  func go(to url: String) async throws { try await command("POST", "/url", ["url": .string(url)]) }

  func reload() async throws { try await command("POST", "/refresh") }

  func back() async throws { try await command("POST", "/back") }

  /// The address of the page.
  var url: String { get async throws { try await command("GET", "/url").text ?? "" } }

  var title: String { get async throws { try await command("GET", "/title").text ?? "" } }

  /// What can be read on the page.
  var text: String {
    get async throws { try await run("return document.body ? document.body.innerText : ''").text ?? "" }
  }

  /// Writes what can be seen into a PNG file.
  func screenshot(to path: String) async throws {
    let text = try await command("GET", "/screenshot").text ?? ""
    guard let image = Data(base64Encoded: text), !image.isEmpty else {
      throw WebDriver.Refusal(code: "no screenshot", message: text)
    }
    try image.write(to: URL(fileURLWithPath: path))
  }

  // MARK: Scripts

  /// Runs the body of a function in the page. The page's own Content-Security-Policy and trusted types do not hold for it.
  /// - Parameter arguments: what the body finds in `arguments`.
  /// - Returns: what it returns.
  @discardableResult func run(_ body: String, _ arguments: [JSONValue] = []) async throws -> JSONValue {
    try await command("POST", "/execute/sync", ["script": .string(body), "args": .array(arguments)])
  }

  /// Waits until a script returns something true: it is run again after each change of the page.
  /// - Parameters:
  ///   - what: the condition in words.
  ///   - condition: the body of a function.
  ///   - arguments: what the body finds in `arguments`.
  /// - Returns: what it returned.
  /// - Throws: `NeverShown` when the time is over.
  @discardableResult func wait(
    for what: String, within seconds: Double = patience, until condition: String, _ arguments: [JSONValue] = []
  ) async throws -> JSONValue {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var problem = ""
    repeat {
      let left = max(0, (deadline - ContinuousClock.now) / .milliseconds(1))
      do {
        let found = try await command(
          "POST", "/execute/async",
          [
            "script": .string(Self.watching(condition)),
            "args": .array([.array(arguments), .integer(Int64(left))]),
          ], within: .seconds(Int64(seconds) + 60))
        if let value = found["value"] { return value }
        problem = found["error"]?.text ?? ""
      } catch let refusal as WebDriver.Refusal where Self.isPassing(refusal) {
        // The page went away under the script: the next one is looked at.
        try await Task.sleep(for: .milliseconds(5))
      }
    } while ContinuousClock.now < deadline
    throw NeverShown(what: problem.isEmpty ? what : "\(what) (\(problem))", url: try await url, text: try await text)
  }

  /// A script that looks at once, after each mutation of the document, and now and then, since not all that can be seen is one.
  private static func watching(_ condition: String) -> String {
    """
    const [given, patience, done] = arguments;
    const holds = function () {
      \(condition)
    };
    let error = '';
    const look = () => {
      let value;
      try { value = holds(...given); } catch (problem) { error = String(problem); }
      if (value) end({ value });
    };
    const observer = new MutationObserver(look);
    const often = setInterval(look, 50);
    const limit = setTimeout(() => end({ error }), patience);
    const end = (outcome) => {
      observer.disconnect();
      clearInterval(often);
      clearTimeout(limit);
      done(outcome);
    };
    observer.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
    look();
    """
  }

  /// Whether a command may succeed when it is given once more, since the page was changing.
  static func isPassing(_ refusal: WebDriver.Refusal) -> Bool {
    [
      "stale element reference", "element click intercepted", "element not interactable", "no such element",
      "detached shadow root",
    ].contains(refusal.code)
      || (refusal.code == "javascript error" && refusal.message.contains("unloaded"))
      || (refusal.code == "unknown error" && refusal.message.contains("aborted by navigation"))
  }
}
