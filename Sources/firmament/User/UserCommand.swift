import ArgumentParser

/// The users of apps.
struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Users of apps: the mails that they are sent.", subcommands: [UserOutbox.self])
}
