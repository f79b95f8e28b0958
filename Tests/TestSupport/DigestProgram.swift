import Foundation

/// The programs that everybody has for digests of files: a second opinion on ours.
public enum DigestProgram: String, Sendable {
  case sha1sum, md5sum

  private struct Failed: Error {}

  /// What the program prints of a file: hexadecimal digits in lower case.
  public func digest(ofFile path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [rawValue, path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.everything(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0, let digest = text.split(separator: " ").first else { throw Failed() }
    return String(digest)
  }
}
