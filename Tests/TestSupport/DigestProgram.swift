import Foundation

/// The programs that everybody has for digests of files: a second opinion on ours.
public enum DigestProgram: String, Sendable {
  case sha1sum, md5sum

  private struct Failed: Error {}

  /// What the program prints of a file: hexadecimal digits in lower case.
  public func digest(ofFile path: String) throws -> String {
    let output = Pipe()
    let process = try ChildProcess(rawValue, [path], output: .pipe(output))
    let text = String(decoding: output.everything(), as: UTF8.self)
    guard process.wait() == 0, let digest = text.split(separator: " ").first else { throw Failed() }
    return String(digest)
  }
}
