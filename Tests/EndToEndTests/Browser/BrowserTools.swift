import Foundation
import TestSupport

/// The programs that tests in a real browser need: `scripts/test` installs them.
enum BrowserTools {
  /// What to say of a test that is skipped.
  static let hint = "needs chromium, chromedriver and axe-core, which scripts/test installs"

  static var areThere: Bool {
    let programs = [Browser.program, WebDriver.program].allSatisfy { (try? Program.find($0)) != nil }
    return programs && FileManager.default.fileExists(atPath: axePath)
  }

  /// axe-core as its package at PyPI has it.
  private static let axePath = PythonTools.folder + "/axe_core_python/axe.min.js"

  /// The text of axe-core (https://github.com/dequelabs/axe-core); empty where it is missing.
  static let axe = String(decoding: FileManager.default.contents(atPath: axePath) ?? Data(), as: UTF8.self)
}
