import Foundation

/// The programs in Python that some tests need: `scripts/test` puts them into `.build/python`.
public enum PythonTools {
  /// The root of this checkout.
  public static let root: String = {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }()

  public static let folder = root + "/.build/python"

  /// What to say of a test that is skipped.
  public static let hint: String = "needs the Python packages that scripts/test puts into .build/python"

  public static func has(_ package: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(package)/__init__.py")
  }

  /// Of this process, with the packages in it.
  public static var environment: [String: String] {
    ProcessInfo.processInfo.environment.merging(["PYTHONPATH": folder, "PYTHONUNBUFFERED": "1"]) { $1 }
  }
}
