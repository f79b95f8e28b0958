import Domain
import Foundation

/// How a person, or what reads the page to them, finds things on it. Each waits until there is what it looks for.
extension Browser {
  /// The elements that a role has without being told, as CSS (https://www.w3.org/TR/html-aam-1.0/). Roles that are not here are
  /// found by their attribute.
  private static let implicit = [
    "button": "button, summary, input[type=button], input[type=submit], input[type=reset]",
    "cell": "td", "checkbox": "input[type=checkbox]", "columnheader": "th", "combobox": "select, input[list]",
    "dialog": "dialog", "form": "form", "heading": "h1, h2, h3, h4, h5, h6", "img": "img", "link": "a[href]", "list": "ul, ol",
    "listbox": "select", "listitem": "li", "main": "main", "navigation": "nav", "option": "option", "progressbar": "progress",
    "radio": "input[type=radio]", "region": "section", "row": "tr", "rowheader": "th", "searchbox": "input[type=search]",
    "spinbutton": "input[type=number]", "status": "output", "table": "table",
    "textbox": "textarea, input:not([type]), input[type=text], input[type=email], input[type=tel], input[type=url]",
  ]

  /// Other names that Chromium has for a role.
  private static let alias = ["image": "img"]

  /// What a form can be filled in at.
  private static let controls = "input:not([type=hidden]), select, textarea, [contenteditable], [role=textbox], [role=combobox]"

  /// The first visible element for a CSS selector.
  func element(_ selector: String, within seconds: Double = patience) async throws -> BrowserElement {
    try found(
      try await wait(
        for: "there is \(selector)", within: seconds,
        until: "return [...document.querySelectorAll(arguments[0])].find((one) => one.checkVisibility())", [.string(selector)]))
  }

  /// All elements for a CSS selector that are there now, visible or not.
  func all(_ selector: String) async throws -> [BrowserElement] {
    let found = try await command("POST", "/elements", ["using": .string("css selector"), "value": .string(selector)])
    return found.elements?.compactMap { BrowserElement(self, $0) } ?? []
  }

  /// The innermost visible element that reads exactly so, white space aside.
  func text(_ text: String, within seconds: Double = patience) async throws -> BrowserElement {
    try found(
      try await wait(
        for: "\(text) can be read", within: seconds,
        until: """
          const wanted = arguments[0].replace(/\\s+/g, ' ').trim();
          const reads = (one) => one.checkVisibility() && (one.innerText ?? '').replace(/\\s+/g, ' ').trim() === wanted;
          return [...document.querySelectorAll('body, body *')].findLast((one) => reads(one) && ![...one.children].some(reads));
          """, [.string(text)]))
  }

  /// The first visible element that assistive technology is told to be of this role, and of this name where there is one.
  /// - Parameters:
  ///   - role: ARIA, such as `button`.
  ///   - name: white space at its ends aside.
  func element(
    role: String, name: String? = nil, in place: BrowserElement? = nil, within seconds: Double = patience
  ) async throws -> BrowserElement {
    let selector = [Self.implicit[role], "[role=\(role)]"].compactMap(\.self).joined(separator: ", ")
    return try await first(
      of: selector, named: name, role: role, in: place, what: "there is \(role) \(name ?? "")", within: seconds)
  }

  /// The visible control of a form that its label calls so.
  func field(_ label: String, within seconds: Double = patience) async throws -> BrowserElement {
    try await first(
      of: Self.controls, named: label, role: nil, in: nil, what: "there is a field \(label)", within: seconds)
  }

  /// Clicks what has a role and a name, once it can be clicked.
  func click(_ role: String, _ name: String, within seconds: Double = patience) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let element = try await element(role: role, name: name, within: seconds)
      do {
        return try await element.click()
      } catch let refusal as WebDriver.Refusal where Self.isPassing(refusal) && ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  private func found(_ value: JSONValue) throws -> BrowserElement {
    guard let element = BrowserElement(self, value) else {
      throw WebDriver.Refusal(code: "no such element", message: value.json)
    }
    return element
  }

  /// Looks again until there is one. Roles and names are what the browser itself computes.
  private func first(
    of selector: String, named name: String?, role: String?, in place: BrowserElement?, what: String, within seconds: Double
  ) async throws -> BrowserElement {
    let deadline = ContinuousClock.now + .seconds(seconds)
    repeat {
      let candidates = try await run(
        """
        return [...(arguments[1] ?? document).querySelectorAll(arguments[0])].filter((one) => one.checkVisibility());
        """, [.string(selector), place?.reference ?? .null])
      for candidate in candidates.elements ?? [] {
        guard let element = BrowserElement(self, candidate) else { continue }
        do {
          if let name, try await element.name.trimmingCharacters(in: .whitespacesAndNewlines) != name { continue }
          if let role {
            let computed = try await element.role
            if (Self.alias[computed] ?? computed) != role { continue }
          }
          return element
        } catch let refusal as WebDriver.Refusal where Self.isPassing(refusal) { continue }
      }
      try await Task.sleep(for: .milliseconds(20))
    } while ContinuousClock.now < deadline
    throw NeverShown(what: what, url: try await url, text: try await text)
  }
}

/// The keyboard.
extension Browser {
  /// Keys as WebDriver writes them (https://www.w3.org/TR/webdriver2/#keyboard-actions).
  enum Key: String, Sendable {
    case tab = "\u{E004}"
    case enter = "\u{E007}"
    case shift = "\u{E008}"
    case escape = "\u{E00C}"
    case space = " "
    case left = "\u{E012}"
    case up = "\u{E013}"
    case right = "\u{E014}"
    case down = "\u{E015}"
  }

  /// Presses a key and lets it go, where the focus is.
  /// - Parameter held: a key that is down meanwhile.
  func press(_ key: Key, with held: Key? = nil) async throws {
    let keys = [(held, "keyDown"), (key, "keyDown"), (key, "keyUp"), (held, "keyUp")].compactMap { key, type in
      key.map { JSONValue.object(["type": .string(type), "value": .string($0.rawValue)]) }
    }
    let keyboard: [String: JSONValue] = ["type": .string("key"), "id": .string("keyboard"), "actions": .array(keys)]
    try await command("POST", "/actions", ["actions": .array([.object(keyboard)])])
  }

  /// What has the focus; nil where nothing has.
  var focused: BrowserElement? {
    get async throws {
      BrowserElement(self, try await run("return document.activeElement === document.body ? null : document.activeElement"))
    }
  }

  /// Presses Tab until what has a role and a name has the focus.
  /// - Throws: `NeverShown` where a whole round does not lead there.
  func tab(to role: String, _ name: String, atMost presses: Int = 100) async throws -> BrowserElement {
    for _ in 0..<presses {
      try await press(.tab)
      if let element = try await focused, try await element.role == role, try await element.name == name { return element }
    }
    throw NeverShown(what: "Tab leads to \(role) \(name)", url: try await url, text: try await text)
  }
}
