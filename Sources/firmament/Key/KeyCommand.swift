import ArgumentParser

/// Keys that sign firmware. They are made and kept on the engineer's machine; the service never sees the private half.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make and show keys that sign firmware.", subcommands: [KeyGenerate.self, KeyShow.self])
}
