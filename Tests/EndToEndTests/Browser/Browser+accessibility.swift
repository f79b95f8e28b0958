import Domain

/// What keeps people from using a page, as axe-core finds it.
struct AccessibilityViolation: Sendable, CustomStringConvertible {
  /// Of the rule, such as `color-contrast`.
  let rule: String
  /// `minor`, `moderate`, `serious` or `critical`.
  let impact: String
  let help: String
  /// Where, by CSS selector, and what is wrong there.
  let places: [String]

  var description: String { "\(rule) (\(impact)): \(help)\n" + places.map { "  \($0)" }.joined(separator: "\n") }
}

extension Browser {
  /// Looks for violations of WCAG 2.1 levels A and AA, and of good practice, on the page as it is now.
  func accessibilityViolations() async throws -> [AccessibilityViolation] {
    if try await run("return typeof window.axe === 'object'") != .bool(true) { try await run(BrowserTools.axe) }
    let outcome = try await command(
      "POST", "/execute/async",
      [
        "args": .array([]),
        "script": .string(
          """
          const done = arguments[arguments.length - 1];
          const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
          axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then(
            (results) => done({ passes: results.passes.length, violations: results.violations }),
            (error) => done({ error: String(error) }));
          """),
      ])
    guard let violations = outcome["violations"]?.elements, outcome["passes"]?.wholeNumber ?? 0 > 0 else {
      throw WebDriver.Refusal(code: "axe found nothing to look at", message: outcome.json)
    }
    return violations.map { violation in
      AccessibilityViolation(
        rule: violation["id"]?.text ?? "", impact: violation["impact"]?.text ?? "", help: violation["help"]?.text ?? "",
        places: violation["nodes"]?.elements?.map { node in
          let selector = node["target"]?.elements?.map { $0.text ?? $0.json }.joined(separator: " ") ?? ""
          return "\(selector): \(node["failureSummary"]?.text ?? "")"
        } ?? [])
    }
  }
}
