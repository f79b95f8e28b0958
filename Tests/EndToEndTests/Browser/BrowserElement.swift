import Domain
import Foundation

/// An element of the page.
struct BrowserElement: Sendable {
  /// The member that makes a JSON object a reference to an element (https://www.w3.org/TR/webdriver2/#elements).
  static let marker = "element-6066-11e4-a52e-4f735466cecf"

  let browser: Browser
  let id: String

  /// Nil for what is no reference to an element.
  init?(_ browser: Browser, _ value: JSONValue?) {
    guard let id = value?[Self.marker]?.text else { return nil }
    self.browser = browser
    self.id = id
  }

  /// As an argument of a script.
  var reference: JSONValue { .object([Self.marker: .string(id)]) }

  private func get(_ what: String) async throws -> JSONValue { try await browser.command("GET", "/element/\(id)/\(what)") }

  /// What can be read of it.
  var text: String { get async throws { try await get("text").text ?? "" } }

  /// As assistive technology is told (https://www.w3.org/TR/core-aam-1.2/).
  var role: String { get async throws { try await get("computedrole").text ?? "" } }

  /// As assistive technology is told (https://www.w3.org/TR/accname-1.2/).
  var name: String { get async throws { try await get("computedlabel").text ?? "" } }

  /// Nil where it has none.
  func attribute(_ name: String) async throws -> String? { try await get("attribute/\(name)").text }

  /// A member of its object in the page, such as `value` or `checked`.
  func property(_ name: String) async throws -> JSONValue { try await get("property/\(name)") }

  /// Clicks in its middle. What lies above it there makes the click fail, as it would a person's.
  func click() async throws { try await browser.command("POST", "/element/\(id)/click") }

  /// Types at its end.
  func type(_ text: String) async throws {
    try await browser.command("POST", "/element/\(id)/value", ["text": .string(text)])
  }

  /// Types in place of what it holds.
  func fill(_ text: String) async throws {
    try await browser.command("POST", "/element/\(id)/clear")
    try await type(text)
  }

  /// Gives a file to an `<input type=file>`.
  /// - Parameter path: absolute.
  func choose(file path: String) async throws { try await type(path) }

  /// Chooses the option of a `<select>` that reads so.
  func choose(_ option: String) async throws {
    let found = try await browser.run(
      "return [...arguments[0].options].find((one) => one.text.trim() === arguments[1])", [reference, .string(option)])
    guard let found = BrowserElement(browser, found) else {
      throw WebDriver.Refusal(code: "no such option", message: option)
    }
    try await found.click()
  }

  /// What its subtree holds for a CSS selector, in the order of the document.
  func all(_ selector: String) async throws -> [BrowserElement] {
    let found = try await browser.command(
      "POST", "/element/\(id)/elements", ["using": .string("css selector"), "value": .string(selector)])
    return found.elements?.compactMap { BrowserElement(browser, $0) } ?? []
  }
}
