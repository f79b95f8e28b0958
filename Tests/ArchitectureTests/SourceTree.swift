import Foundation

/// The Swift files under `Sources`, as text.
struct SourceTree {
  struct File {
    /// The folder under `Sources`.
    let room: String
    /// From the top of the repository.
    let path: String
    let text: String

    var name: String { String(path.split(separator: "/").last ?? "") }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  }

  let files: [File]

  static func read() throws -> SourceTree {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let sources = root.appending(path: "Sources").resolvingSymlinksInPath().path
    var files: [File] = []
    for room in try FileManager.default.contentsOfDirectory(atPath: sources).sorted() {
      for path in try FileManager.default.subpathsOfDirectory(atPath: "\(sources)/\(room)").sorted()
      where path.hasSuffix(".swift") {
        let text = try String(contentsOfFile: "\(sources)/\(room)/\(path)", encoding: .utf8)
        files.append(File(room: room, path: "Sources/\(room)/\(path)", text: text))
      }
    }
    return SourceTree(files: files)
  }
}
