import Foundation

/// The server and token that `firmament login` keeps for a person: `profile.json`, readable by nobody else.
struct SavedProfile: Codable {
  let url: String
  let token: String
  /// The file of certificates that the server's is signed by; nil for the system's.
  var ca: String?

  /// `$XDG_CONFIG_HOME/firmament/profile.json`, else the same under `~/.config`; nil where there is no home.
  static func path(environment: [String: String]) -> String? {
    if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return base + "/firmament/profile.json" }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    return home + "/.config/firmament/profile.json"
  }

  /// Replaces the file at once or not at all.
  func save(to path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    let draft = path + ".new"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      unlink(draft)
      try NewFile.create(draft, mode: 0o600, text: try OutputRendering.json(self) + "\n")
      guard rename(draft, path) == 0 else { throw CommandFailure(String(cString: strerror(errno))) }
    } catch {
      throw CommandFailure("cannot write \(path): \(CommandFailure.line(for: error) ?? "")")
    }
  }
}
